"""How much memory each kind of process has, from the beginning of a long run to its end."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from local.part import Part
from tests.faults import processes
from tests.faults.problem import Problem, wrong
from tests.faults.repeating import repeating
from tests.faults.stage import Stage

MIB = 1024 * 1024
EVERY = 5.0
# The first part of a run, in which caches fill, is not looked at; the next is compared with the
# last of the same length.
PARTS = 6
# What a process may have more at the end.
SHARE, SLACK = 1.1, 8.0


class MemoryLog:
    """Looks at every process of a stage's gateways and workers, every few seconds."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        # By kind of process: when it was looked at, and the most that one had, in MiB.
        self.seen: dict[str, list[tuple[float, float]]] = defaultdict(list)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """It is kept in this block."""
        with repeating(self._look, EVERY):
            yield

    def check(self) -> list[Problem]:
        """No kind of process has more at the end than at the beginning."""
        found = []
        for kind, seen in self.seen.items():
            first, last = self._compared(seen)
            if last > SHARE * first + SLACK:
                found.append(wrong(f"{kind}: {first:.0f} MiB at first, {last:.0f} at the end"))
        return found

    def shown(self) -> list[str]:
        """The same figures in words."""
        return [
            f"{kind}: {first:.0f} MiB at first, {last:.0f} at the end"
            for kind, seen in sorted(self.seen.items())
            for first, last in [self._compared(seen)]
        ]

    @staticmethod
    def _compared(seen: list[tuple[float, float]]) -> tuple[float, float]:
        began, ended = seen[0][0], seen[-1][0]
        part = (ended - began) / PARTS
        first = [most for at, most in seen if began + part <= at <= began + 2 * part]
        last = [most for at, most in seen if at >= ended - part]
        return max(first, default=0.0), max(last, default=0.0)

    def _look(self) -> None:
        now = time.monotonic()
        system = self._stage.system
        most: dict[str, float] = defaultdict(float)
        for kind, parts in (
            ("gateway", [part for part, _ in list(system.gateways)]),
            ("worker", list(system.workers)),
        ):
            for part in parts:
                for name, held in _held(part, kind):
                    most[name] = max(most[name], held)
        for name, held in most.items():
            self.seen[name].append((now, held))


def _held(part: Part, kind: str) -> Iterator[tuple[str, float]]:
    """What each process of a part has resident, in MiB; one that ends meanwhile is left out."""
    for depth, process in enumerate(processes.tree(part)):
        try:
            yield (kind if not depth else f"{kind}'s child"), process.memory_info().rss / MIB
        except psutil.NoSuchProcess:
            continue
