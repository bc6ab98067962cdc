"""How a column of durations takes values. Pure."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pandas as pd

from worker.scoring.dtypes.iso_8601 import duration
from worker.scoring.dtypes.read import Check, Read, Reader, never_as_it_is
from worker.scoring.dtypes.units import unit_of

_DURATIONS = (
    'must be an ISO 8601 duration without years and months, such as "P2DT3H", or a whole number of '
    "milliseconds"
)
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def reading(dtype: Any) -> tuple[Check, Reader]:
    """What `read` reads, and missing values."""
    return never_as_it_is, lambda value: read(value, dtype)


def read(value: Any, dtype: Any) -> Read | str:
    """A duration in the column's unit; less than the unit is cut off, as by pandas."""
    found = None
    if isinstance(value, str):
        found = duration(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        # As pandas writes durations, unless it is asked for ISO 8601.
        found = _of_milliseconds(value)
    if found is None:
        return _DURATIONS
    unit: Any = unit_of(dtype)
    amount, rest = divmod(found, _NANOSECONDS.get(unit, 1))
    if rest and found < 0:
        amount += 1
    read_as: Any = pd.NaT
    with contextlib.suppress(ValueError, OverflowError):  # it is too long
        read_as = pd.Timedelta(np.timedelta64(amount, unit))
    # NumPy's smallest number stands for a missing value.
    return f"does not fit a column of {dtype}" if read_as is pd.NaT else Read(read_as)


def _of_milliseconds(value: float) -> int | None:
    try:
        return None if value != int(value) else int(value) * 10**6
    except (ValueError, OverflowError):  # no finite number
        return None
