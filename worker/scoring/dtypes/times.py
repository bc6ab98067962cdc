"""How a column of times takes values. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from worker.scoring.dtypes.read import Check, Read, Reader, never_as_it_is

# From which number on, as an amount, a number is of this unit since 1970. Below the first it may
# be seconds, milliseconds near 1970, or the days of a spreadsheet.
_SINCE_1970 = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"))
_TIMES = "must be ISO 8601 text, or milliseconds since 1970 (of a day not within three years of it)"


def reading(dtype: Any) -> tuple[Check, Reader]:
    """What `read` reads, and missing values."""
    return never_as_it_is, lambda value: read(value, dtype)


def read(value: Any, dtype: Any) -> Read | str:
    """Text as pandas reads it. One with a time zone in a column without is the time in UTC; one
    without in a column with a zone is the time there."""
    if isinstance(value, bool | list | dict):
        return _TIMES
    try:
        if isinstance(value, str):
            time = pd.Timestamp(value)
        else:
            unit = next((unit for least, unit in _SINCE_1970 if abs(value) >= least), None)
            if unit is None or value != int(value):
                return _TIMES
            time = pd.Timestamp(int(value), unit=unit, tz="UTC")
        zone = getattr(dtype, "tz", None)
        if time.tzinfo is None:
            time = time.tz_localize(zone)
        else:
            time = time.tz_convert(zone if zone is not None else "UTC")
            time = time if zone is not None else time.tz_localize(None)
        return Read(pd.Series([time], dtype=object).astype(dtype).iloc[0])
    except (ValueError, TypeError, OverflowError):
        return _TIMES if not isinstance(value, str) else f"does not fit a column of {dtype}"
