"""From what a pipeline gives for a frame to what belongs to each of its rows. Pure.

A pipeline may drop rows on the way (`dropna`, `drop_duplicates`, a sampler), so what comes back is
counted before anything is read by position.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.errors import ArtifactError, UnansweredError
from worker.model.artifacts import PIPELINE

NO_ANSWER = "the model gave no answer for this observation"


def numbers_by_class(given: Any, rows: int, classes: int, method: str) -> NDArray[np.float64]:
    """One number a class for each row, shape (rows, classes), from what `method` gave: an array or
    a DataFrame, shape (answers, classes). NaN stands for a row that a DataFrame's index leaves out.

    Raises:
        UnansweredError: there are more or fewer answers than rows, and which row each
            belongs to cannot be told.
        ArtifactError: it has no column for each class.
    """
    values = np.asarray(given)
    if values.ndim == 1 and rows == 1 and len(values):
        values = values.reshape(1, -1)  # `squeeze` takes the rows' axis from a single row
    if values.ndim == 0 or (len(values) and (values.ndim != 2 or values.shape[1] != classes)):
        raise ArtifactError(
            f"{PIPELINE}: {method} gave an answer of shape {values.shape} for {rows} "
            f"observations; it must have a row for each observation and a column for each of "
            f"{classes} classes"
        )
    return np.asarray(_aligned(given, values, rows, np.nan), dtype=np.float64)


def values_by_row(given: Any, rows: int, method: str) -> NDArray[Any]:
    """What `method` gave for each row: shape (rows,), or (rows, outputs) where there are several.
    Of the type that it has, unless an index leaves rows out: then those are None.

    Raises:
        UnansweredError: as `numbers_by_class`.
        ArtifactError: it has no axis for the rows, or more than one for the outputs.
    """
    values = np.asarray(given)
    if values.ndim == 0 and rows == 1:
        values = values.reshape(1)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]  # one output, given as a column
    if values.ndim not in (1, 2):
        raise ArtifactError(
            f"{PIPELINE}: {method} gave an answer of shape {values.shape} for {rows} "
            "observations; it must have a row for each observation"
        )
    return _aligned(given, values, rows, None)


def _aligned(given: Any, values: NDArray[Any], rows: int, missing: float | None) -> NDArray[Any]:
    if isinstance(given, pd.DataFrame | pd.Series):
        positions = _positions(given.index, rows)
        if positions is not None:
            dtype = object if missing is None else np.float64
            aligned = np.full((rows, *values.shape[1:]), missing, dtype=dtype)
            aligned[positions] = values
            return aligned
    if len(values) != rows:
        raise _miscount(len(values), rows)
    return values


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
