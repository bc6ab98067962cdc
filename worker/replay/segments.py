"""Parts of the replayed rows, by a column: its categories, or quarters of its numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A column of numbers with more different ones is cut into quarters.
MOST_NUMBERS = 10
# Of a column of texts the most frequent ones are told apart.
MOST_CATEGORIES = 20
QUARTERS = 4
MISSING, OTHERS = "missing", "others"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the rows: what it is called, and which rows it has, shape (rows,)."""

    name: str
    rows: NDArray[np.bool_]


class SegmentColumn:
    """The values of one column as they come in, each different one kept once."""

    def __init__(self) -> None:
        self._codes: dict[float | str | None, int] = {}

    def add(self, values: Sequence[float | str | None]) -> NDArray[np.int32]:
        """A code for each of them, the same for the same value."""
        codes = self._codes
        return np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int32)

    @property
    def is_empty(self) -> bool:
        """Whether no row has a value."""
        return not set(self._codes) - {None}

    def divide(self, codes: NDArray[np.int32]) -> list[Segment]:
        """The segments of rows with these codes, shape (rows,); those without rows left out."""
        values = list(self._codes)
        texts = any(isinstance(value, str) for value in values)
        numbers = [value for value in values if isinstance(value, float)]
        if not texts and len(numbers) > MOST_NUMBERS:
            found = list(_quarters(values, codes))
        else:
            found = list(_categories(values, codes))
        return [segment for segment in found if segment.rows.any()]


def _quarters(values: Sequence[Any], codes: NDArray[np.int32]) -> Iterator[Segment]:
    numbers = np.array([np.nan if value is None else value for value in values])[codes]
    there = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[there], np.linspace(0, 1, QUARTERS + 1)))
    for place, (low, high) in enumerate(pairwise(edges)):
        first = place == 0
        inside = there & (numbers <= high) & ((numbers >= low) if first else (numbers > low))
        yield Segment(f"{'' if first else 'above '}{low:g} to {high:g}", inside)
    yield Segment(MISSING, ~there)


def _categories(values: Sequence[Any], codes: NDArray[np.int32]) -> Iterator[Segment]:
    counts = np.bincount(codes, minlength=len(values))
    there = [place for place, value in enumerate(values) if value is not None]
    there.sort(key=lambda place: (-counts[place], str(values[place])))
    shown, rest = there[:MOST_CATEGORIES], there[MOST_CATEGORIES:]
    for place in sorted(shown, key=lambda place: _order(values[place])):
        value = values[place]
        name = f"{value:g}" if isinstance(value, float) else value
        yield Segment(name, codes == place)
    yield Segment(OTHERS, np.isin(codes, rest))
    yield Segment(MISSING, np.isin(codes, [p for p, value in enumerate(values) if value is None]))


def _order(value: float | str) -> tuple[bool, float, str]:
    """Numbers first, by size."""
    is_text = isinstance(value, str)
    return is_text, 0.0 if isinstance(value, str) else value, str(value)
