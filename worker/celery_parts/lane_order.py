"""In which order a worker looks into the lanes, so that a busy one cannot starve those behind it.

BRPOP takes from the first list that holds anything. Looking always in the same order, a worker
that interactive requests keep busy would never come to what was promised. So the lanes behind the
first are looked into first now and then: their guaranteed share of the takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """When a lane comes first: after `takes` that passed it by, or after so many `seconds` if at
    least `fewest` takes passed it by, so that slow groups do not turn the order around."""

    takes: int
    fewest: int
    seconds: float

    def due(self, passed_by: int, waited: float) -> bool:
        """Whether a lane comes first that so many takes, and seconds, have passed by."""
        if passed_by >= self.takes:
            return True
        return passed_by >= self.fewest and waited >= self.seconds


# By the order of `Lane`: none for the first, which is looked into first unless another is due.
# A group that takes 15 ms leaves the deferred lane eight takes a second, one that takes a second
# one take in two seconds; the last lane, bulk, gets a quarter of that.
SHARES: tuple[Share, ...] = (Share(16, 3, 0.5), Share(64, 12, 2.0))


# For so long after the last interactive group, in seconds, one process is kept free of bulk.
LATELY = 1.0


@dataclass(frozen=True, slots=True)
class Bulk:
    """The lane of bulk work by its name, and that of interactive requests; how many of a worker's
    processes may have some while interactive requests come, and how many have."""

    lane: str
    interactive: str
    most: int
    in_hand: Callable[[], int]


class LaneOrder:
    """The order of the lanes for each take; kombu's `queue_order_strategy`, whose names the
    methods have. `clock` is in seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        shares: tuple[Share, ...] = SHARES,
        bulk: Bulk | None = None,
    ) -> None:
        self._clock = clock
        self._shares = shares
        self._bulk = bulk
        self._interactive_taken: float | None = None
        self._lanes: list[str] = []
        self._offered: list[str] = []
        self._passed_by: dict[str, int] = {}
        self._looked_into: dict[str, float] = {}

    def update(self, lanes: Iterable[str]) -> None:
        """The lanes that are consumed, the first in the usual order first."""
        self._lanes = list(lanes)
        self._offered = list(self._lanes)
        now = self._clock()
        self._passed_by = dict.fromkeys(self._lanes, 0)
        self._looked_into = dict.fromkeys(self._lanes, now)

    def consume(self, number: int) -> list[str]:
        """The lanes in the order for the next take; `number` is how many there are."""
        now = self._clock()
        due = [
            lane
            for lane, share in zip(self._lanes[1:], self._shares, strict=False)
            if share.due(self._passed_by[lane], now - self._looked_into[lane])
        ]
        order = due + [lane for lane in self._lanes if lane not in due]
        withheld = self._bulk.lane if self._bulk is not None and self.withholds() else None
        self._offered = [lane for lane in order if lane != withheld]
        return self._offered[:number]

    def withholds(self) -> bool:
        """Whether bulk is left alone for now: all processes but those that are to be free of it
        have some, and interactive requests come."""
        if self._bulk is None or self._interactive_taken is None:
            return False
        lately = self._clock() - self._interactive_taken < LATELY
        return lately and self._bulk.in_hand() >= self._bulk.most

    def rotate(self, taken: str) -> None:
        """A message was taken from this lane: those that stood before it held nothing."""
        if taken not in self._offered:
            return
        place = self._offered.index(taken)
        now = self._clock()
        if self._bulk is not None and taken == self._bulk.interactive:
            self._interactive_taken = now
        for lane in self._offered[: place + 1]:
            self._passed_by[lane] = 0
            self._looked_into[lane] = now
        for lane in self._offered[place + 1 :]:
            self._passed_by[lane] += 1
