"""How a column reads a value that a client sent: as it is, as what it plainly stands for, or not at
all. Pure.

Nothing is lost on the way: what could be read in two ways is refused, with what is taken instead.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from worker.scoring.dtypes import (
    booleans,
    categories,
    durations,
    numbers,
    objects,
    others,
    periods,
    texts,
    times,
)
from worker.scoring.dtypes.known_values import KnownValues
from worker.scoring.dtypes.read import Check, Reader


@dataclass(frozen=True, slots=True)
class Column:
    """How one column takes values. `fault` is quick and judges a value as it is; for one that it
    finds fault with, `read` gives what it stands for, or the fault in words."""

    name: str
    fault: Check
    read: Reader

    def takes(self, value: Any) -> bool:
        """Whether it takes it, in one way or the other."""
        return self.fault(value) is None or not isinstance(self.read(value), str)


def column(name: str, dtype: Any, known: Collection[Any]) -> Column | None:
    """How a column of this dtype takes values; None when it takes anything. `known` are the values
    that encoders of the pipeline know for it, as JSON has them, where there are such."""
    if dtype is None or pd.api.types.is_object_dtype(dtype):
        return Column(name, *objects.reading(KnownValues(known))) if known else None
    if isinstance(dtype, pd.CategoricalDtype):
        return Column(name, *categories.reading(dtype))
    if isinstance(dtype, pd.StringDtype):
        return Column(name, *texts.reading(frozenset(v for v in known if isinstance(v, str))))
    return Column(name, *_of_dtype(dtype))


@cache
def _of_dtype(dtype: Any) -> tuple[Check, Reader]:
    nullable = not isinstance(dtype, np.dtype | pd.SparseDtype)
    numpy_dtype = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
    if pd.api.types.is_bool_dtype(dtype):
        return booleans.reading(nullable)
    if pd.api.types.is_integer_dtype(dtype):
        return numbers.of_integers(numpy_dtype, nullable)
    if pd.api.types.is_float_dtype(dtype):
        return numbers.of_floats(numpy_dtype)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return times.reading(dtype)
    if pd.api.types.is_timedelta64_dtype(dtype):
        return durations.reading(dtype)
    if isinstance(dtype, pd.PeriodDtype):
        return periods.reading(dtype)
    return others.reading(dtype)
