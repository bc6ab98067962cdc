"""The observations of a run: the training passengers, and what the model says of each."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from shared.settings import CHECKOUT

Observation = dict[str, Any]

# The figure that the training file's first row gives (artifacts/train.py made the pipeline).
FIRST_PROBA = 0.0917228353416481
TOLERANCE = 1e-9

# Stands in a template where each request puts an id of its own.
ID = "@ID@"

_READ: dict[str, Callable[[str], Any]] = {
    "Pclass": int, "Sex": str, "Age": float, "SibSp": int,
    "Parch": int, "Fare": float, "Cabin": str, "Embarked": str,
}  # fmt: skip


@cache
def observations() -> tuple[Observation, ...]:
    """The 891 training passengers, in the file's order; gaps are None."""
    path = CHECKOUT / "artifacts" / "data" / "titanic_train.csv"
    with path.open(newline="") as file:
        return tuple(
            {name: read(row[name]) if row[name] else None for name, read in _READ.items()}
            for row in csv.DictReader(file)
        )


@cache
def expected() -> tuple[float, ...]:
    """The probability of each passenger, scored here and all at once."""
    # Late: only a run that checks answers needs scikit-learn.
    from bench.serving.pipeline import Pipeline

    return tuple(Pipeline().probabilities(observations()))


class Ids:
    """Ids that are never given twice, and tell which passenger they are for.

    An id modulo the number of passengers is the passenger's position, so that a stored row can be
    checked by its id alone.
    """

    # Many times more than a load sends, and the same number of each passenger's.
    BLOCK = 891 * 10_000

    def __init__(self) -> None:
        self._next = 0

    def block(self) -> int:
        """The first of a new run of ids; itself an id of the first passenger."""
        first = self._next
        self._next += self.BLOCK
        return first

    @classmethod
    def first(cls, observation_id: int) -> int:
        """The first id of the block that an id is of."""
        return observation_id - observation_id % cls.BLOCK


def write_templates(body: Callable[[Observation], str], path: Path) -> None:
    """Write each passenger's request body, one a line, for a load generator to fill ids into."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(body(observation) + "\n" for observation in observations()))
