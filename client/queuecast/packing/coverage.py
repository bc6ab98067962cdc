"""What the columns of a training frame hold, and a few rows that show as much of it as they can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# A column of texts with more values than these is free text, of which only the most frequent ones
# are worth a row.
MOST_VALUES = 50
OF_FREE_TEXT = 5
# Of each need so many rows are looked at, the first ones; and as many of those that show most.
_CANDIDATES = 20
# Nulls and extremes are where pipelines and libraries differ, so they come before categories.
_WEIGHT, _WEIGHT_OF_A_VALUE = 10, 1


class Coverage:
    """The needs of a frame (a missing value of each column that lacks one, its extremes, its
    values) and which of them the rows that were taken show."""

    def __init__(self, frame: pd.DataFrame) -> None:
        import numpy as np

        # The number of a need is its place here. A row shows at most one need in each column, and
        # the first need stands for none.
        self._needs: list[str] = [""]
        weights = [0]
        shown = np.zeros(frame.shape, dtype=np.int32)
        for place, name in enumerate(frame.columns):
            for what, weight, rows in _needs_of(frame[name]):
                shown[rows, place] = len(self._needs)
                self._needs.append(f"{what} of {name!r}")
                weights.append(weight)
        self._weights = np.asarray(weights)
        self._all = shown
        self._rows = _candidates(shown, self._weights)
        self._shown = shown[self._rows]

    def best(self) -> int | None:
        """The position of the row that shows most of what no row has shown; None if none does."""
        gains = self._weights[self._shown].sum(axis=1)
        if not len(gains) or not gains.max():
            return None
        return int(self._rows[gains.argmax()])

    def take(self, position: int) -> None:
        """What this row shows is shown."""
        self._weights[self._all[position]] = 0

    def drop(self, position: int) -> None:
        """This row cannot be taken."""
        self._shown[self._rows == position] = 0

    def lacking(self) -> list[str]:
        """The needs that no row has shown, in words."""
        return [need for need, weight in zip(self._needs, self._weights) if weight]


def _candidates(shown: NDArray[np.int32], weights: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    total = weights[shown].sum(axis=1)
    found = {int(row) for row in np.argsort(-total, kind="stable")[:_CANDIDATES]}
    for place in range(shown.shape[1]):
        column = shown[:, place]
        for need in np.unique(column):
            if need:
                found.update(int(row) for row in np.flatnonzero(column == need)[:_CANDIDATES])
    return np.asarray(sorted(found), dtype=np.int64)


def _needs_of(column: pd.Series) -> list[tuple[str, int, NDArray[Any]]]:
    """What a column needs, how much that weighs, and the positions of the rows that show it."""
    import numpy as np
    import pandas as pd

    missing = column.isna().to_numpy(dtype=bool)
    needs = [("a missing value", _WEIGHT, np.flatnonzero(missing))] if missing.any() else []
    if is_ordered(column):
        finite = finite_values(column)
        if len(finite):
            for what, value in (("the least value", finite.min()), ("the largest", finite.max())):
                equal = (column == value).fillna(False).to_numpy(dtype=bool)
                needs.append((what, _WEIGHT, np.flatnonzero(equal)))
        return needs
    codes, values = pd.factorize(column.astype(object))
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    by_frequency = np.argsort(-counts, kind="stable")
    most = len(values) if len(values) <= MOST_VALUES else OF_FREE_TEXT
    for code in by_frequency[:most]:
        rows = np.flatnonzero(codes == code)
        needs.append((f"the value {str(values[code])[:60]!r}", _WEIGHT_OF_A_VALUE, rows))
    return needs


def is_ordered(column: pd.Series) -> bool:
    """Whether a column's least and largest value mean something: numbers, times and durations."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return bool(pd.api.types.is_numeric_dtype(column.dtype)) or hasattr(column, "dt")


def infinite_values(column: pd.Series) -> int:
    """How many values of a column are infinite numbers."""
    return int(column.notna().sum()) - len(finite_values(column))


def finite_values(column: pd.Series) -> pd.Series:
    """The values that are there, without infinite ones, which no observation can have: JSON has no
    such number."""
    import numpy as np
    import pandas as pd

    present = column.dropna()
    if not pd.api.types.is_float_dtype(column.dtype):
        return present
    finite: pd.Series = present[np.isfinite(present.to_numpy(dtype="float64"))]
    return finite
