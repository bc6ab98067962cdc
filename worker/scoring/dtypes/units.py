"""The unit in which a column of times or durations counts. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np


def unit_of(dtype: Any) -> str:
    """ "s", "ms", "us" or "ns"; of NumPy's dtypes, pandas' own and Arrow's."""
    if isinstance(dtype, np.dtype):
        return str(np.datetime_data(dtype)[0])
    return str(getattr(dtype, "pyarrow_dtype", dtype).unit)


def zone_of(dtype: Any) -> Any:
    """The zone of a column of times; None when it has none."""
    return getattr(getattr(dtype, "pyarrow_dtype", dtype), "tz", None)
