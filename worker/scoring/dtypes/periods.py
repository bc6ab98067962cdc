"""How a column of periods takes values. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from worker.scoring.dtypes.iso_8601 import moment
from worker.scoring.dtypes.read import Check, Read, Reader, never_as_it_is


def reading(dtype: pd.PeriodDtype) -> tuple[Check, Reader]:
    """ISO 8601 text of a time within the period, and missing values."""
    freq: Any = dtype.freq

    def read(value: Any) -> Read | str:
        found = moment(value) if isinstance(value, str) else None
        if found is None or found.offset is not None:
            return "must be an ISO 8601 date or time without an offset"
        try:
            return Read(pd.Period(found.clock, freq=freq))
        except (ValueError, OverflowError):
            return f"does not fit a column of {dtype}"

    return never_as_it_is, read
