"""An event loop's clock that stands still until a test moves it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class SimulatedTimer:
    """One call that is to come."""

    when: float
    number: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class SimulatedClock:
    """Stands in for the loop in `Batcher`: calls back in the order of time, then of asking."""

    def __init__(self) -> None:
        self._now = 100.0
        self._numbers = itertools.count()
        self._timers: list[SimulatedTimer] = []

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> SimulatedTimer:
        timer = SimulatedTimer(when, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        return timer

    def call_soon(self, callback: Callable[[], None]) -> SimulatedTimer:
        return self.call_at(self._now, callback)

    def advance(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything happen that is due by then."""
        end = self._now + seconds
        while self._timers and self._timers[0].when <= end:
            timer = heapq.heappop(self._timers)
            self._now = max(self._now, timer.when)
            if not timer.cancelled:
                timer.callback()
        self._now = end
