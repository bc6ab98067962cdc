"""How many rows of a piece may be asked about at a time, by what rows have taken before."""

from __future__ import annotations

import time
from collections.abc import Callable

# How long the model should take for what it is asked at once, and how long a process may hold on to
# one piece before it leaves the rest to a later turn, in seconds: so long a request may have to
# wait where there is no other process.
AT_ONCE = 0.05
HELD = 0.2
# How many rows are asked about when nothing is known, and at least.
FEWEST = 8
MOST = 4096


class Pace:
    """What one process has measured. A frame costs something however few rows it has, so that more
    rows at a time are cheaper than those before, until they take too long. `clock` is in
    seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._seconds_a_row: float | None = None

    def rows(self) -> int:
        """How many rows may be asked about now, a multiple of `FEWEST`."""
        if self._seconds_a_row is None:
            return FEWEST
        fitting = int(AT_ONCE / max(self._seconds_a_row, 1e-9))
        return min(max(fitting - fitting % FEWEST, FEWEST), MOST)

    def has_time(self, held: float) -> bool:
        """Whether to go on with a piece that has been asked about for so many seconds."""
        return held + (self._seconds_a_row or 0.0) * self.rows() <= HELD

    def measured(self, rows: int, seconds: float) -> None:
        """So many rows have taken so long."""
        if rows >= FEWEST or self._seconds_a_row is None:
            self._seconds_a_row = seconds / max(rows, 1)
