"""What a run says on standard error while it goes on."""

from __future__ import annotations

import sys
import time

from tests.faults.problem import Sort
from tests.faults.result import Result


class Progress:
    """A line for each scenario, begun when it begins."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def begin(self, position: int, all_of_them: int, name: str) -> None:
        """A scenario begins."""
        self._began = time.monotonic()
        self._write(f"[{position:>2}/{all_of_them}] {name:<20} ")

    def end(self, result: Result) -> None:
        """It has ended."""
        counts = ", ".join(f"{result.count(sort)} {sort}" for sort in Sort)
        verdict = "ok    " if result.passed else "FAILED"
        self._write(f"{verdict} {result.sent:>6} sent, {counts}; {result.took:.0f} s\n")
        for problem in result.problems[:5]:
            self._write(f"        {str(problem)[:300]}\n")

    def say(self, text: str) -> None:
        """Something else."""
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
