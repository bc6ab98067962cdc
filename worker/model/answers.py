"""From what `predict_proba` gives to one probability for each row of the frame. Pure.

A pipeline may drop rows on the way (`dropna`, `drop_duplicates`, a sampler), so what comes back is
counted before anything is read by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.errors import ArtifactError, UnansweredError
from worker.model.artifacts import PIPELINE

NO_ANSWER = "the model gave no answer for this observation"


def proba_column(classes: Sequence[Any]) -> int:
    """Which class's probability is `proba`: the second, and 1 or true in whichever order a
    classifier of one's own has 0 and 1, or false and true."""
    return 0 if list(classes) == [1, 0] else 1  # in Python true is equal to 1


def of_class(given: Any, rows: int, column: int) -> NDArray[np.float64]:
    """The probability of the class of that column for each row, shape (rows,).

    `given` is an array or a DataFrame, shape (answers, classes). NaN stands for a row that a
    DataFrame's index leaves out.

    Raises:
        UnansweredError: there are more or fewer answers than rows, and which row each
            belongs to cannot be told.
        ArtifactError: it has no column for each of two classes.
    """
    values = np.asarray(given)
    if values.ndim == 1 and rows == 1 and len(values):
        values = values.reshape(1, -1)  # `squeeze` takes the rows' axis from a single row
    if values.ndim == 0 or (len(values) and (values.ndim != 2 or values.shape[1] < 2)):
        raise ArtifactError(
            f"{PIPELINE}: predict_proba gave an answer of shape {values.shape} for {rows} "
            "observations; it must have a row for each observation and a column for each class"
        )
    if isinstance(given, pd.DataFrame):
        positions = _positions(given.index, rows)
        if positions is not None:
            aligned = np.full(rows, np.nan)
            aligned[positions] = values[:, column]
            return aligned
    if len(values) != rows:
        raise _miscount(len(values), rows)
    return np.asarray(values[:, column], dtype=np.float64)


def _positions(index: pd.Index[Any], rows: int) -> NDArray[np.intp] | None:
    """The row that each answer belongs to; None when the index does not tell.

    Raises:
        UnansweredError: the index names a row twice.
    """
    if not len(index) or not pd.api.types.is_integer_dtype(index.dtype):
        return None
    if index.min() < 0 or index.max() >= rows:
        return None  # not the frame's index, which counts its rows from 0
    if not index.is_unique:
        raise _miscount(len(index), rows)
    # An index that was made anew after rows were dropped counts from 0, too: 0, 1, 2 for rows
    # 0, 2, 3. Only one that has a gap was certainly kept.
    if len(index) < rows and index.max() == len(index) - 1:
        return None
    return np.asarray(index, dtype=np.intp)


def _miscount(answers: int, rows: int) -> UnansweredError:
    if rows == 1 and not answers:
        return UnansweredError(NO_ANSWER)
    return UnansweredError(f"the model gave {answers} answers for {rows} observations")
