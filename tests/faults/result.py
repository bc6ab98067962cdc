"""What came of one scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.problem import Problem, Sort


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table. Times are in seconds."""

    name: str
    about: str
    sent: int
    answered: int
    refused: int
    rows: int
    jobs: int
    slowest: float
    slowest_in_outage: float | None
    stopping: float | None
    recovery: float | None
    took: float
    problems: Sequence[Problem] = field(default_factory=tuple)

    def count(self, sort: Sort) -> int:
        """How many promises were broken in this way."""
        return Counter(problem.sort for problem in self.problems)[sort]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems
