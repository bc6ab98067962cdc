"""From the values of a column that were taken to an array of its dtype. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def maker(dtype: Any, missing: Any = math.nan) -> Callable[[list[Any]], Any]:
    """What makes a column of this dtype, shape (rows,), of the values of its rows; None is a
    missing value, and `missing` is what stands for it in a column of objects.

    Raises, when it is called:
        ValueError, TypeError, OverflowError: the dtype does not take a value after all.
    """
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        return lambda values: np.array(values, dtype=dtype)  # None becomes NaN in a float array
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical(dtype)
    if isinstance(dtype, pd.StringDtype):
        # What `astype` does in the end; a Series on the way, and in the frame, costs 0.6 ms.
        return lambda values: pd.array(_filled(values), dtype=dtype)
    # Without a dtype they stay objects: to infer one would let a value change its neighbours.
    if dtype is None or pd.api.types.is_object_dtype(dtype):
        return lambda values: pd.Series(_filled(values, missing), dtype=object)
    return lambda values: pd.Series(_filled(values), dtype=object).astype(dtype)


def _categorical(dtype: pd.CategoricalDtype) -> Callable[[list[Any]], Any]:
    # Each value's place among the categories; -1 for a missing value.
    places = {value: place for place, value in enumerate(dtype.categories.tolist())}

    def make(values: list[Any]) -> Any:
        codes = [-1 if value is None else places[value] for value in values]
        return pd.Categorical.from_codes(codes, dtype=dtype)

    return make


def _filled(values: list[Any], missing: Any = math.nan) -> Any:
    """The values as objects, with this for a missing one."""
    filled: Any = np.empty(len(values), dtype=object)
    filled[:] = [missing if value is None else value for value in values]
    return filled
