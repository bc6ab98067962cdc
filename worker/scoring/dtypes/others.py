"""How a column of any other dtype takes values: as pandas does. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from worker.scoring.dtypes.read import Check, Read, Reader, never_as_it_is


def reading(dtype: Any) -> tuple[Check, Reader]:
    """What `read` reads, and missing values."""
    return never_as_it_is, lambda value: read(value, dtype)


def read(value: Any, dtype: Any) -> Read | str:
    """What pandas makes of the value by itself."""
    try:
        return Read(pd.Series([value], dtype=object).astype(dtype).iloc[0])
    except (ValueError, TypeError, OverflowError):
        return f"does not fit a column of {dtype}"
