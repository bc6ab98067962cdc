"""What a run says on standard error while it goes on."""

from __future__ import annotations

import sys
import time

from bench.load import Figures


class Progress:
    """Counts measurements, and tells from the pace so far how long the rest takes."""

    def __init__(self) -> None:
        self._expected = 0
        self._done = 0
        self._started = 0.0

    def expect(self, measurements: int) -> None:
        """So many measurements are still to be made."""
        self._started = self._started or time.monotonic()
        self._expected = self._done + measurements

    def begin(self, contender: str, number: int, what: str) -> None:
        """A measurement begins."""
        self._write(
            f"[{self._done + 1:>3}/{self._expected}] round {number}  "
            f"{contender:<16} {what:>12}  {self._left():<16}"
        )

    def end(self, figures: Figures) -> None:
        """That measurement, a closed loop, has ended."""
        self.done(
            f"{figures.requests_per_second:>9,.0f} /s  p50 {figures.p50_ms:>8.1f} ms",
            figures.errors,
        )

    def done(self, found: str, errors: int) -> None:
        """That measurement has ended."""
        self._done += 1
        self._write(f"{found:>29}{f'  {errors} ERRORS' if errors else ''}\n")

    def say(self, text: str) -> None:
        """Something that is not a measurement."""
        self._write(f"{text}\n")

    def _left(self) -> str:
        if not self._done:
            return ""
        seconds = (time.monotonic() - self._started) / self._done
        left = seconds * (self._expected - self._done)
        return f"{left:.0f} s left" if left < 90 else f"{left / 60:.0f} min left"

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
