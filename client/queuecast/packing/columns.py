"""What is known of each column of a training frame, to judge and to explain observations by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError
from queuecast.packing.plain import plain

if TYPE_CHECKING:
    import pandas as pd

# Of a column of texts with more values than these, only the most frequent are named.
MOST_VALUES = 50
_BINS = 10
# Numbers of which there are no more than these are counted one by one.
_FEW = 20


def refuse_unusable(frame: Any) -> None:
    """See that a frame is one that observations can be made into.

    Raises:
        PackError: it is no DataFrame, is empty, or its columns have no names of their own.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise PackError(
            f"X is a {type(frame).__name__}, and must be the DataFrame that the pipeline was "
            "fitted on: its columns are the fields of an observation"
        )
    names = list(frame.columns)
    if not names or not len(frame):
        raise PackError(f"X has {len(frame)} rows and {len(names)} columns, and needs some of each")
    unnamed = [name for name in names if not isinstance(name, str)]
    if unnamed:
        raise PackError(
            f"the column {unnamed[0]!r} has a {type(unnamed[0]).__name__} for a name: fit on a "
            "frame whose columns are named by texts"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PackError(f"X has the column {twice[0]!r} twice: give each a name of its own")


def describe(column: pd.Series) -> dict[str, Any]:
    """A column's name, dtype, share of missing values, range or categories, and histogram."""
    import pandas as pd

    missing = int(column.isna().sum())
    found: dict[str, Any] = {
        "name": column.name,
        "dtype": str(column.dtype),
        "nullable": missing > 0,
        "missing": missing / len(column),
    }
    present = column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        found["categories"] = [plain(value) for value in column.cat.categories]
        found["ordered"] = bool(column.cat.ordered)
        found["histogram"] = _of_values(present)
    elif pd.api.types.is_bool_dtype(column.dtype):
        found["histogram"] = _of_values(present)
    elif pd.api.types.is_numeric_dtype(column.dtype):
        if len(present):
            found["range"] = [plain(present.min()), plain(present.max())]
        few = present.nunique() <= _FEW
        found["histogram"] = _of_values(present) if few else histogram(present.astype("float64"))
    elif hasattr(column, "dt") and len(present):
        found["range"] = [plain(present.min()), plain(present.max())]
    else:
        found["histogram"] = _of_values(present)
    return found


def histogram(values: Any) -> dict[str, Any]:
    """How numbers are distributed: edges between tenths of them, and how many lie between two.

    An edge belongs to the part above it, the last one to the last part.
    """
    import numpy as np

    finite = np.asarray(values, dtype="float64")
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return {"edges": [], "counts": []}
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, _BINS + 1)))
    if len(edges) == 1:
        return {"edges": [float(edges[0])] * 2, "counts": [len(finite)]}
    counts, _ = np.histogram(finite, edges)
    return {"edges": [float(e) for e in edges], "counts": [int(c) for c in counts]}


def _of_values(present: pd.Series) -> dict[str, Any]:
    counts = present.astype(object).value_counts()
    named = counts.iloc[:MOST_VALUES]
    values = [[_shown(value), int(count)] for value, count in named.items()]
    return {"values": values, "others": int(counts.iloc[MOST_VALUES:].sum())}


def _shown(value: Any) -> Any:
    try:
        return plain(value)
    except TypeError:
        return str(value)
