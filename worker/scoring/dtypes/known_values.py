"""Values that a model knows, and what else means the same as one of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from worker.scoring.dtypes.numbers import of_text
from worker.scoring.dtypes.read import Read
from worker.scoring.dtypes.texts import texts_of


class KnownValues:
    """Values as JSON has them: texts, numbers, truths; none of them missing."""

    def __init__(self, values: Iterable[Any]) -> None:
        found = list(values)
        # In Python 1 and 1.0 are equal to True, which is another value.
        self._exact = frozenset((type(value), value) for value in found)
        self._texts = frozenset(value for value in found if isinstance(value, str))
        self._truths = frozenset(value for value in found if isinstance(value, bool))
        self._numbers = {
            value: value
            for value in found
            if isinstance(value, int | float) and not isinstance(value, bool)
        }

    def has(self, value: Any) -> bool:
        """Whether it is one of them as it is; neither a list nor an object."""
        return (type(value), value) in self._exact

    def find(self, value: Any) -> Read | None:
        """The one that means the same as a text, a number or a truth; None when there is none."""
        if self.has(value):
            return Read(value)
        number = of_text(value) if isinstance(value, str) else value
        if isinstance(number, int | float):
            if number in self._numbers:  # as a truth is 1 or 0 among numbers
                return Read(self._numbers[number])
            if number in (0, 1) and not isinstance(value, str) and bool(number) in self._truths:
                return Read(bool(number))
        if isinstance(value, str):
            return None
        return next((Read(text) for text in texts_of(value) if text in self._texts), None)
