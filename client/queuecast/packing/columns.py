"""What is known of each column of a training frame, to judge and to explain observations by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError
from queuecast.packing.coverage import MOST_VALUES, finite_values, is_ordered
from queuecast.packing.plain import plain

if TYPE_CHECKING:
    import pandas as pd

_BINS = 10
# Numbers of which there are no more than these are counted one by one.
_FEW = 20


def refuse_unusable(frame: Any) -> None:
    """See that a frame is one that observations can be made into.

    Raises:
        PackError: it is neither a DataFrame nor a Series, is empty, or its columns have no names
            of their own.
    """
    import pandas as pd

    if isinstance(frame, pd.Series):
        if type(frame.name) is not str:
            raise PackError(
                f"the Series X has the name {frame.name!r}: give it a text, which is the field of "
                'an observation: X.rename("review")'
            )
        frame = frame.to_frame()
    if not isinstance(frame, pd.DataFrame):
        raise PackError(
            f"X is a {type(frame).__name__}, and must be the DataFrame (or the Series) that the "
            "pipeline was fitted on: its columns are the fields of an observation"
        )
    names = list(frame.columns)
    if not names or not len(frame):
        raise PackError(f"X has {len(frame)} rows and {len(names)} columns, and needs some of each")
    unnamed = [name for name in names if type(name) not in (str, int)]
    if unnamed:
        raise PackError(
            f"the column {unnamed[0]!r} has a {type(unnamed[0]).__name__} for a name: fit on a "
            "frame whose columns are named by texts or whole numbers"
        )
    # An observation names a column by its text, whatever its name is.
    texts = [str(name) for name in names]
    twice = sorted({text for text in texts if texts.count(text) > 1})
    if twice:
        raise PackError(f"X has the column {twice[0]!r} twice: give each a name of its own")


def describe(column: pd.Series) -> dict[str, Any]:
    """A column's name, dtype, share of missing values, range or categories, and histogram. Infinite
    numbers, which no observation can have, count nowhere.

    Raises:
        PackError: its values are such as no observation can have.
    """
    missing = int(column.isna().sum())
    found: dict[str, Any] = {
        **named(str(column.name), column.dtype),
        "nullable": missing > 0,
        "missing": missing / len(column),
    }
    try:
        return {**found, **_distribution(column)}
    except Exception as error:  # of values of whatever types
        raise PackError(
            f"the column {column.name!r} cannot be described ({type(error).__name__}: {error}): its"
            " values have to be numbers, texts, booleans, times or durations"
        ) from error


def named(name: str, dtype: Any) -> dict[str, Any]:
    """What is known of a column without any data: its name, dtype, and categories if those are of
    the dtype."""
    import pandas as pd

    found: dict[str, Any] = {"name": name, "dtype": str(dtype)}
    if isinstance(dtype, pd.CategoricalDtype) and dtype.categories is not None:
        found["categories"] = [_shown(value) for value in dtype.categories]
        found["ordered"] = bool(dtype.ordered)
    return found


def _distribution(column: pd.Series) -> dict[str, Any]:
    import pandas as pd

    if not is_ordered(column):
        return {"histogram": _of_values(column.dropna())}
    present = finite_values(column)
    if not len(present):
        is_number = pd.api.types.is_numeric_dtype(column.dtype)
        return {"histogram": histogram(present)} if is_number else {}
    found: dict[str, Any] = {"range": [plain(present.min()), plain(present.max())]}
    if pd.api.types.is_numeric_dtype(column.dtype):
        few = present.nunique() <= _FEW
        found["histogram"] = _of_values(present) if few else histogram(present.astype("float64"))
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
    import pandas as pd

    odd = present[~present.map(pd.api.types.is_hashable).astype(bool)]
    if len(odd):
        raise TypeError(f"it holds a {type(odd.iloc[0]).__name__}")
    counts = present.astype(object).value_counts()
    named = counts.iloc[:MOST_VALUES]
    values = [[_shown(value), int(count)] for value, count in named.items()]
    return {"values": values, "others": int(counts.iloc[MOST_VALUES:].sum())}


def _shown(value: Any) -> Any:
    try:
        return plain(value)
    except TypeError:
        return str(value)
