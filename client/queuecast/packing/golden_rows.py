"""Observations with what the training process says of them, for every worker to score again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from queuecast.packing.answers import Answering
from queuecast.packing.plain import plain

if TYPE_CHECKING:
    import pandas as pd

LEAST, MOST = 20, 50
# A text that no training frame has.
UNSEEN = "a value that was never seen"
# Of each column so many categories have a row.
_CATEGORIES = 5


def golden_rows(answering: Answering, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the frame, and some made from them, each as `{"observation", "answer"}`: extremes,
    categories, a missing value in every column that may lack one, a text that was never seen. What
    the pipeline refuses is left out."""
    made = [*_chosen(frame), *_changed(frame)]
    found = []
    for row in made:
        try:
            observation = {name: plain(row[name].iloc[0]) for name in frame.columns}
            found.append({"observation": observation, "answer": answering.answer(row)})
        except Exception:  # noqa: S112 - a pipeline raises what it likes, as it may for such a row
            continue
        if len(found) == MOST:
            break
    return found


def _chosen(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows as they are: the extremes of each column, its categories, a missing value; then others
    until there are enough."""
    positions: dict[int, None] = {}
    for name in frame.columns:
        column = frame[name].reset_index(drop=True)
        present = column.dropna()
        if len(present) < len(column):
            positions[int(column.isna().to_numpy().argmax())] = None
        if _is_numeric(column) and len(present):
            in_order = present.sort_values(kind="stable").index
            positions[int(in_order[0])] = None
            positions[int(in_order[-1])] = None
        else:
            first = present.astype(object).map(str).drop_duplicates()
            positions.update(dict.fromkeys(int(i) for i in first.index[:_CATEGORIES]))
    others = list(range(len(frame)))
    random.Random(0).shuffle(others)  # noqa: S311 - the same rows in every run
    for position in others:
        if len(positions) >= LEAST:
            break
        positions[position] = None
    # Some places are left for rows that are made.
    return [frame.iloc[[p]] for p in list(positions)[: MOST - 10]]


def _changed(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """The first row with a text that was never seen in one column after the other."""
    made = []
    for name in frame.columns:
        column = frame[name]
        texts = column.dropna().map(lambda value: isinstance(value, str))
        if texts.all() and not _is_fixed(column):
            row = frame.iloc[[0]].copy()
            row[name] = row[name].astype(object).map(lambda _: UNSEEN).astype(column.dtype)
            made.append(row)
    return made


def _is_numeric(column: pd.Series) -> bool:
    import pandas as pd

    is_bool = pd.api.types.is_bool_dtype(column.dtype)
    return bool(pd.api.types.is_numeric_dtype(column.dtype)) and not is_bool


def _is_fixed(column: pd.Series) -> bool:
    """Whether its dtype names every value that it can have, or has no texts at all."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype) or column.dropna().empty:
        return True
    return bool(pd.api.types.is_numeric_dtype(column.dtype))
