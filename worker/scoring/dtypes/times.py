"""How a column of times takes values. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from worker.scoring.dtypes.iso_8601 import Moment, epoch_milliseconds, moment
from worker.scoring.dtypes.read import Check, Read, Reader, never_as_it_is
from worker.scoring.dtypes.units import unit_of, zone_of

# Below this amount, a number may be seconds, milliseconds near 1970, or the days of a spreadsheet.
_LEAST = 10**11
_TIMES = (
    "must be an ISO 8601 date or time, or milliseconds since 1970 (of a day not within three years "
    "of it)"
)
# So many digits of a second has a column of this unit; further ones are cut off, as by pandas.
_TIMESPEC = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "microseconds"}


def reading(dtype: Any) -> tuple[Check, Reader]:
    """What `read` reads, and missing values."""
    return never_as_it_is, lambda value: read(value, dtype)


def read(value: Any, dtype: Any) -> Read | str:
    """A time in the column's zone and unit. One with an offset in a column without a zone is the
    time in UTC; one without in a column with a zone is the time there."""
    found: Moment | None = None
    if isinstance(value, str):
        found = moment(value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _LEAST:
        found = epoch_milliseconds(value)
    return _TIMES if found is None else _in_column(found, dtype)


def _in_column(found: Moment, dtype: Any) -> Read | str:
    unit, zone = unit_of(dtype), zone_of(dtype)
    text = found.clock.isoformat(timespec=_TIMESPEC.get(unit, "seconds"))
    if unit == "ns":
        text += f"{found.nanoseconds:03}"
    try:
        time: Any = pd.Timestamp(text)
        if found.offset is not None:
            time = (time - found.offset).tz_localize("UTC")
            time = time.tz_localize(None) if zone is None else time.tz_convert(zone)
        elif zone is not None:
            # What these give is no time, where the versions of pandas raise different errors.
            time = time.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
            if time is pd.NaT:
                return f"is skipped or there twice in {zone}, where clocks change: add an offset"
        return Read(time.as_unit(unit))
    except (ValueError, OverflowError):
        return f"does not fit a column of {dtype}"
