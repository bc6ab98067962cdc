"""How far a long command is, on the standard error."""

from __future__ import annotations

import time
from typing import Callable, TextIO

# Between two looks, in seconds: on a terminal, where the line is written over, and elsewhere.
ON_TERMINAL, ELSEWHERE = 0.5, 10.0


class Progress:
    """Says from time to time how many rows and bytes have come, and how fast."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._on_terminal = stream.isatty()
        self._every = ON_TERMINAL if self._on_terminal else ELSEWHERE
        self._began = self._said = clock()

    def show(self, rows: int, size: int) -> None:
        """So many rows, of so many bytes, have come."""
        now = self._clock()
        if now - self._said < self._every:
            return
        self._said = now
        rate = rows / (now - self._began)
        line = f"{rows:,} rows, {size / 1e6:,.1f} MB, {rate:,.0f} rows/s"
        self._write(f"\r\x1b[K{line}" if self._on_terminal else f"queuecast: {line}\n")

    def end(self) -> None:
        """Take the line of a terminal away."""
        if self._on_terminal:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
