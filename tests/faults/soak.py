"""A mixed load for minutes, one random fault after the other, and one account at the end."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.company import Company
from tests.faults.matrix import started
from tests.faults.memory_log import MemoryLog
from tests.faults.metronome import Metronome
from tests.faults.plan import Plan
from tests.faults.problem import wrong
from tests.faults.progress import Progress
from tests.faults.result import Result
from tests.faults.running_faults import FAULTS
from tests.faults.scenario import Scenario, conclude
from tests.faults.servers import Servers
from tests.faults.size import SOAK
from tests.faults.stage import Stage

ABOUT = "random faults under a steady load"
_SETTING = Scenario("soak", ABOUT, lambda _stage: None, gateways=2)


def soak(plan: Plan, minutes: float, folder: Path, progress: Progress) -> Result:
    """Play the plan's faults until the time is up, each recovered before the next."""
    began = time.monotonic()
    until = began + minutes * 60
    with (
        Servers(folder / "servers") as servers,
        started(_SETTING, servers, folder / "soak") as system,
        Metronome() as metronome,
    ):
        stage = Stage("soak", plan.seed, SOAK, servers, system, progress.say)
        stage.stalls = metronome.stalls
        played = 0
        company, memory = Company(stage), MemoryLog(stage)
        with stage.load(), company.there(), memory.kept():
            for name in plan.names:
                if time.monotonic() > until:
                    break
                played += 1
                stage.say(f"{time.monotonic() - began:>6.0f} s  {name}")
                try:
                    FAULTS[name](stage)
                    stage.recovered()
                    stage.await_answers(stage.size.warm)
                except AssertionError as error:
                    stage.problems.append(wrong(f"{name}: {error}"))
                if stage.problems:
                    # What follows would only say the same once more.
                    break
        stage.problems += [*company.problems, *memory.check()]
        for line in (*memory.shown(), *(f"{n} {what}" for what, n in company.done.items())):
            stage.say(line)
        return conclude("soak", f"{played} {ABOUT}", stage, began)
