"""How a column of durations takes values. Pure."""

from __future__ import annotations

from typing import Any

from worker.scoring.dtypes import others
from worker.scoring.dtypes.read import Check, Read, Reader, never_as_it_is


def reading(dtype: Any) -> tuple[Check, Reader]:
    """What `read` reads, and missing values."""
    return never_as_it_is, lambda value: read(value, dtype)


def read(value: Any, dtype: Any) -> Read | str:
    """Text as pandas reads it."""
    # A number may be of any unit: pandas reads nanoseconds and writes milliseconds.
    if not isinstance(value, str) and value != 0:
        return 'must be text with its unit, such as "90 s", "2 days" or ISO 8601\'s "P2DT3H"'
    return others.read(value, dtype)
