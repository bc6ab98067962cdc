"""Scenarios one after the other on one system, as long as it stays healthy: for `make test`,
where several lanes play beside each other, since most of a recovery is waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.faults.catalogue import SCENARIOS
from tests.faults.matrix import play_one, started
from tests.faults.progress import Progress
from tests.faults.result import Result
from tests.faults.scenario import Scenario, run
from tests.faults.servers import Servers
from tests.faults.size import Size
from tests.faults.stage import Stage
from tests.system import System

# What all of them need together. The limit is short since a lost job's lease outlives it.
SETTINGS = {"TASK_LIMIT": "5"}


class Lane:
    """One thread's scenarios, with servers and a system of its own."""

    def __init__(self, names: Sequence[str], seed: int, size: Size, folder: Path) -> None:
        self.names = names
        self._seed = seed
        self._size = size
        self._folder = folder
        self._progress = Progress()
        self._system = Scenario("lane", "", lambda _: None, gateways=2, settings=lambda _: SETTINGS)
        self.stopping = threading.Event()

    def play(self, done: Callable[[str, Result], None]) -> None:
        """Play all of them; `done` hears of each result. Ends early when told to stop."""
        together = [name for name in self.names if not SCENARIOS[name].alone]
        with Servers(self._folder / "servers") as servers, ExitStack() as stack:
            system: System | None = None
            for number, name in enumerate(together):
                if self.stopping.is_set():
                    return
                if system is None:
                    place = self._folder / f"system-{number}"
                    system = stack.enter_context(started(self._system, servers, place))
                stage = Stage(name, self._seed, self._size, servers, system, self._progress.say)
                result = run(SCENARIOS[name], stage)
                done(name, result)
                if not result.passed:
                    # The next one is not to suffer from it.
                    stack.close()
                    system = None
            stack.close()
            for name in self.names:
                if name not in together and not self.stopping.is_set():
                    arguments = (self._seed, self._size, servers, self._folder / name)
                    done(name, play_one(SCENARIOS[name], *arguments, self._progress))
