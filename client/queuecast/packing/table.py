"""A CSV file read as the training frame of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError

if TYPE_CHECKING:
    import pandas as pd


def read_table(
    path: Path, columns: list[str | int], dtypes: Mapping[str, Any], target: str | None
) -> tuple[pd.DataFrame, pd.Series | None]:
    """The frame of these columns and dtypes, and the target's column if one is named. A column's
    text is its heading and the key of its dtype. The file is read as `pandas.read_csv` reads it:
    "NA", "None" and the like are missing values.

    Raises:
        PackError: it cannot be read, lacks a column, or a column is not of its dtype.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise PackError(f"{path} cannot be read as CSV: {error}") from error
    headings = [str(name) for name in columns]
    wanted = headings if target is None else [*headings, target]
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise PackError(
            f"{path} has no column {', '.join(map(repr, missing))}; it has "
            f"{', '.join(map(str, table.columns))}"
        )
    frame = pd.DataFrame({n: _cast(table[str(n)], dtypes.get(str(n))) for n in columns})
    return frame, None if target is None else table[target]


def _cast(column: pd.Series, dtype: Any) -> pd.Series:
    import pandas as pd

    if dtype is None:
        return column
    try:
        if str(dtype) == "bool" and column.isna().any():
            # astype would make them true.
            raise ValueError("it has missing values")
        if pd.api.types.is_timedelta64_dtype(dtype):
            return pd.to_timedelta(column).astype(dtype)
        if pd.api.types.is_datetime64_any_dtype(dtype):
            zone = getattr(dtype, "tz", None)
            times = pd.to_datetime(column, utc=zone is not None)
            return (times.dt.tz_convert(zone) if zone is not None else times).astype(dtype)
        return column.astype(dtype)
    except (TypeError, ValueError) as error:
        raise PackError(
            f"the column {column.name!r} cannot be read as {dtype}, as in training: {error}"
        ) from error
