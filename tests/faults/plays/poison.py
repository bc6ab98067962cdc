"""Rows that take the process which scores them down, or never let it go."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.settings import CHECKOUT
from tests.faults.record import Ask
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.faults.traps import AGES, KILLERS, RAISERS

MAKER = Path(__file__).resolve().parent.parent / "poison_model" / "make.py"
_BESIDE = 11


def make_model(folder: Path) -> Path:
    """A model folder with the traps in it."""
    made = folder / "poison-model"
    shipped = str(CHECKOUT / "artifacts")
    command = [sys.executable, str(MAKER), shipped, str(made), json.dumps(AGES)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return made


def trapped_model(folder: Path) -> Mapping[str, str]:
    """A system with that model."""
    return {"MODEL_DIR": str(make_model(folder))}


def settings(folder: Path) -> Mapping[str, str]:
    """The same with a short limit for a hanging row."""
    return {**trapped_model(folder), "TASK_LIMIT": "2"}


def trapped(stage: Stage, trap: str, respond_async: bool) -> Ask:
    """A prediction that springs a trap."""
    return stage.predict(None, respond_async, trap, Age=AGES[trap])


def spoil(stage: Stage) -> None:
    """Groups of which each holds a row that makes the pipeline raise, or run out of memory."""
    for number in range(stage.size.rounds):
        _send_group(stage, RAISERS[number % 2], respond_async=bool(number // 2 % 2))
    stage.recovered()
    _show(stage)


def kill(stage: Stage) -> None:
    """Groups of which each holds a row that ends the process, or makes it crash."""
    for number in range(stage.size.rounds):
        _send_group(stage, KILLERS[number % 2], respond_async=bool(number // 2 % 2))
    stage.recovered()
    _show(stage)


def hang(stage: Stage) -> None:
    """Groups of which each holds a row that never ends."""
    for number in range(max(2, stage.size.rounds // 4)):
        _send_group(stage, "hang", respond_async=bool(number % 2))
    stage.recovered()
    _show(stage)


def _send_group(stage: Stage, trap: str, respond_async: bool) -> None:
    asks = [stage.predict(respond_async=bool(number % 2)) for number in range(_BESIDE)]
    asks.append(trapped(stage, trap, respond_async))
    stage.random.shuffle(asks)
    # All at once: what arrives while a group is out gathers into the next.
    stage.send(asks, clients=len(asks))


def _show(stage: Stage) -> None:
    """Each trap was sprung while its neighbours were under way; how it ended is for the account."""
    records = stage.history.records
    for trap in (r for r in records if r.ask.trap):
        beside = [r for r in records if not r.ask.trap and r.under_way_at(trap.sent_at)]
        beside += [r for r in records if not r.ask.trap and trap.under_way_at(r.sent_at)]
        assert beside, f"request {trap.ask.number} was alone"
        stage.shown.append(f"a trap beside {len(beside)} others")


RAISING = Scenario(
    "raising", "a row in every group that makes the pipeline raise", spoil,
    settings=trapped_model, alone=True,
)  # fmt: skip
KILLING = Scenario(
    "poison", "a row in every group that kills its process", kill,
    settings=settings, alone=True,
)  # fmt: skip
HANGING = Scenario(
    "hanging", "rows that never end, under a limit of 2 s", hang,
    settings=settings, alone=True,
)  # fmt: skip
