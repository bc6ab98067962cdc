"""How a column of categories takes values. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from worker.model.known_categories import plain
from worker.scoring.dtypes import durations, times
from worker.scoring.dtypes.known_values import KnownValues
from worker.scoring.dtypes.read import Check, Read, Reader


def reading(dtype: pd.CategoricalDtype) -> tuple[Check, Reader]:
    """The categories, and what means the same as one of them; of intervals their text, and the
    numbers within. Anything else is missing to the model, as pandas makes it."""
    find = _finder(dtype.categories)

    def read(value: Any) -> Read | str:
        if isinstance(value, list | dict):
            return "must be a string or a number"
        return find(value) or Read(None, is_known=False)

    return _check(dtype.categories), read


def _check(categories: Any) -> Check:
    exact = {(type(value), value) for value in categories.tolist()}

    def fault(value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, list | dict):
            return "must be a string or a number"
        return None if (type(value), value) in exact else "not a category"

    return fault


def _finder(categories: Any) -> Callable[[Any], Read | None]:
    values = categories.tolist()
    if pd.api.types.is_datetime64_any_dtype(categories.dtype):
        return _among(values, lambda value: times.read(value, categories.dtype))
    if pd.api.types.is_timedelta64_dtype(categories.dtype):
        return _among(values, lambda value: durations.read(value, categories.dtype))
    by_plain = {plain(value): value for value in values}
    known = KnownValues(by_plain)

    def find(value: Any) -> Read | None:
        found = known.find(value)
        if found is None:
            return _around(value, categories)
        return Read(by_plain[found.value])

    return find


def _around(value: Any, categories: Any) -> Read | None:
    """The only interval among the categories that a number is in."""
    if not isinstance(categories, pd.IntervalIndex) or not isinstance(value, int | float):
        return None
    intervals: Any = categories.array
    (places,) = np.nonzero(intervals.contains(value))
    return Read(categories[places[0]]) if len(places) == 1 else None


def _among(values: list[Any], read: Reader) -> Callable[[Any], Read | None]:
    there = frozenset(values)

    def find(value: Any) -> Read | None:
        found = read(value)
        return found if isinstance(found, Read) and found.value in there else None

    return find
