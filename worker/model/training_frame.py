"""The frame that a pipeline was fitted on, as `columns.json` and `dtypes.pickle` tell of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shared.errors import ArtifactError
from worker.model.artifacts import COLUMNS

_EXTRACTION = "sklearn.feature_extraction.text"
_VECTORIZERS = ("CountVectorizer", "HashingVectorizer")  # TfidfVectorizer is a CountVectorizer


def read_labels(path: Path, content: bytes) -> tuple[str | int, ...]:
    """The labels of the columns in order, whose texts are the keys of an observation, as the file
    at `path` holds them.

    Raises:
        ArtifactError: they are no texts and whole numbers, or two have the same text.
    """
    try:
        labels = json.loads(content.decode("utf-8"))
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON: {error}") from error
    if isinstance(labels, str):  # the name of a Series
        labels = [labels]
    usable = isinstance(labels, list) and all(type(label) in (str, int) for label in labels)
    if not usable or not labels or len({str(label) for label in labels}) != len(labels):
        raise ArtifactError(
            f"{path} must hold a JSON array of different column names, each a text or a whole "
            "number; give columns of several levels, or named by times, names of their own and fit "
            "again"
        )
    return tuple(labels)


def dtypes_of(found: Any, columns: Sequence[str], path: Path) -> dict[str, Any]:
    """The dtype of each column, where there is one: `found` is what `path` holds, the dtypes of a
    frame, or that of a Series.

    Raises:
        ArtifactError: it is neither, or names a column that there is not.
    """
    if is_dtype(found) and len(columns) == 1:
        found = {columns[0]: found}
    try:
        dtypes = {str(name): dtype for name, dtype in dict(found).items()}
        strangers = sorted(set(dtypes) - set(columns))
    except (TypeError, ValueError) as error:
        raise ArtifactError(
            f"{path} holds a {type(found).__name__}, not the dtypes of a frame (frame.dtypes)"
        ) from error
    if strangers:
        raise ArtifactError(f"{path} has dtypes for {strangers}, which {COLUMNS} does not name")
    return {name: pd.api.types.pandas_dtype(dtype) for name, dtype in dtypes.items()}


def is_dtype(found: Any) -> bool:
    """Whether it is the dtype of one column, as a Series has it."""
    return isinstance(found, np.dtype | pd.api.extensions.ExtensionDtype)


def begins_with_vectorizer(pipeline: Any) -> bool:
    """Whether the first step counts the words of texts. Such a step takes a Series: of a frame it
    would count the words of the columns' names."""
    # Not imported for pipelines that have none.
    there = sys.modules.get(_EXTRACTION)
    if there is None:
        return False
    steps = getattr(pipeline, "steps", None)
    while isinstance(steps, list) and steps:
        pipeline = steps[0][1]
        steps = getattr(pipeline, "steps", None)
    return isinstance(pipeline, tuple(getattr(there, name) for name in _VECTORIZERS))
