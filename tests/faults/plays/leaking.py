"""A pipeline that keeps memory for good: its processes are replaced while clients ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.faults.plays.poison import make_model
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.faults.traps import AGES

# In MiB: a process is over it after a dozen leaking rows.
_BOUND = 48
_AT_ONCE = 8


def leak(stage: Stage) -> None:
    """Rows that leak, in groups of eight and beside a load of others, until processes were replaced
    time and again. Nobody is refused and no job is tried twice; that is for the account."""
    before = _replaced(stage)
    with stage.load():
        for _ in range(stage.size.rounds):
            stage.strike("the pipeline leaks")
            stage.send(
                [
                    stage.predict(respond_async=bool(number % 2), Age=AGES["leak"])
                    for number in range(_AT_ONCE)
                ]
            )
        stage.recovered()
    replaced = _replaced(stage) - before
    assert replaced >= 2, f"{replaced} processes were replaced"
    stage.shown.append(f"{replaced} processes were replaced")


def _replaced(stage: Stage) -> int:
    return stage.system.log().count(f"(WORKER_MEMORY is {_BOUND})")


def settings(folder: Path) -> Mapping[str, str]:
    """A model with that trap, and little memory for a process."""
    return {"MODEL_DIR": str(make_model(folder)), "WORKER_MEMORY": str(_BOUND)}


SCENARIO = Scenario(
    "child-over-memory", "a pipeline that leaks, WORKER_MEMORY passed again and again", leak,
    gateways=2, settings=settings, alone=True,
)  # fmt: skip
