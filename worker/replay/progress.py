"""A bar on the terminal while rows are scored; nothing where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
# In seconds.
DRAW_EVERY = 0.1


class Progress:
    """Of so many rows, at least one."""

    def __init__(
        self, stream: TextIO, rows: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream if stream.isatty() else None
        self._rows = rows
        self._clock = clock
        self._began = self._drawn = clock()
        self._done = 0

    def add(self, rows: int) -> None:
        """So many more are done."""
        self._done += rows
        now = self._clock()
        if self._stream is None or now < self._drawn + DRAW_EVERY:
            return
        self._drawn = now
        # More rows may have come since they were counted.
        share = min(1.0, self._done / self._rows)
        left = (now - self._began) * (1 - share) / share
        bar = "█" * round(WIDTH * share)
        self._stream.write(
            f"\r{bar:░<{WIDTH}} {share:4.0%}  {self._done:,} rows, {left:.0f} s left\x1b[K"
        )
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away."""
        if self._stream is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
