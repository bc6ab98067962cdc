"""How far a long command is, on the standard error."""

from __future__ import annotations

import time
from typing import Callable, TextIO

# Between two looks, in seconds: on a terminal, where the line is written over, and elsewhere.
ON_TERMINAL, ELSEWHERE = 0.5, 10.0


class Progress:
    """Says from time to time how far it is: how many rows and bytes, how fast, how much is left."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._on_terminal = stream.isatty()
        self._every = ON_TERMINAL if self._on_terminal else ELSEWHERE
        self._began = self._said = clock()

    def show(self, rows: int, size: int) -> None:
        """So many rows, of so many bytes, have come."""
        if self._is_due():
            rate = rows / (self._said - self._began)
            self._say(f"{rows:,} rows, {size / 1e6:,.1f} MB, {rate:,.0f} rows/s")

    def show_part(self, what: str, done: int, total: int | None, unit: str) -> None:
        """So much of `total`, if that is known, is done; `unit` is MB, or rows."""
        if not self._is_due():
            return
        rate = done / (self._said - self._began)
        divisor, digits = (1e6, 1) if unit == "MB" else (1, 0)
        counted = f"{done / divisor:,.{digits}f}"
        line = f"{what} {counted} {unit}, {rate / divisor:,.{digits}f} {unit}/s"
        if total:
            share = min(1.0, done / total)
            bar = "#" * round(20 * share)
            left = (total - done) / rate if rate else 0
            line = (
                f"{what} [{bar:<20}] {share:4.0%} of {total / divisor:,.{digits}f} {unit}, "
                f"{rate / divisor:,.{digits}f} {unit}/s, {left:,.0f} s left"
            )
        self._say(line)

    def begin_anew(self) -> None:
        """What comes next is another thing, with a rate of its own."""
        self._began = self._clock()

    def _is_due(self) -> bool:
        now = self._clock()
        if now - self._said < self._every:
            return False
        self._said = now
        return True

    def _say(self, line: str) -> None:
        self._write(f"\r\x1b[K{line}" if self._on_terminal else f"queuecast: {line}\n")

    def end(self) -> None:
        """Take the line of a terminal away."""
        if self._on_terminal:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
