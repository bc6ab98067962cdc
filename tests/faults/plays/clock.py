"""The gateway's clock jumps, far from the worker's and the database's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.faults.scenario import Scenario
from tests.faults.stage import Stage

SHIFT = Path(__file__).resolve().parent.parent / "clock_shift"
HOUR = 3600


def settings(folder: Path) -> Mapping[str, str]:
    """A file that moves a gateway's clock."""
    return {"FAULTS_CLOCK": str(folder / "clock")}


def play(stage: Stage) -> None:
    """An hour ahead, an hour behind, and right again; under load."""
    clock = Path(stage.system.settings["FAULTS_CLOCK"])
    # Only what is started from here on looks at that file: the worker does not.
    path = os.pathsep.join((str(SHIFT), os.environ.get("PYTHONPATH", ""))).rstrip(os.pathsep)
    stage.kill(stage.system.gateways[0][0])
    stage.system.settings["PYTHONPATH"] = path
    stage.renew_gateway(0)
    with stage.load():
        for shift in (HOUR, -HOUR, 0):
            _set(clock, shift)
            stage.await_answers(stage.size.warm // 2)
            stage.recovered()


def _set(clock: Path, shift: int) -> None:
    # In one step: who reads it meanwhile finds the old time or the new one.
    new = clock.with_suffix(".new")
    new.write_text(str(shift))
    new.replace(clock)


SCENARIO = Scenario(
    "clock", "the gateway's clock an hour ahead, then an hour behind", play,
    settings=settings, alone=True, patience=0.5,
)  # fmt: skip
