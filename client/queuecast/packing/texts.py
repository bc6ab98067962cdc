"""Pipelines that are fitted on one column of texts, a Series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError

if TYPE_CHECKING:
    import pandas as pd

_EXTRACTION = "sklearn.feature_extraction.text"
_VECTORIZERS = ("CountVectorizer", "HashingVectorizer")  # TfidfVectorizer is a CountVectorizer


def takes_texts(pipeline: Any) -> bool:
    """Whether a pipeline begins with a vectoriser of texts: of a frame it would read the names of
    the columns."""
    first = pipeline
    while isinstance(getattr(first, "steps", None), list) and first.steps:
        first = first.steps[0][1]
    return any(
        ancestor.__name__ in _VECTORIZERS and ancestor.__module__ == _EXTRACTION
        for ancestor in type(first).__mro__
    )


def as_frame(data: pd.DataFrame | pd.Series) -> tuple[pd.DataFrame, bool]:
    """A training frame, and whether it was given as a Series."""
    import pandas as pd

    if isinstance(data, pd.Series):
        return data.to_frame(), True
    return data, False


def refuse_frame_for_texts(pipeline: Any, frame: pd.DataFrame) -> None:
    """See that a frame is not given in place of its column of texts.

    Raises:
        PackError: it is.
    """
    if takes_texts(pipeline):
        column = frame.columns[0]
        raise PackError(
            f"the pipeline begins with a vectoriser of texts, which takes a Series: pack it with "
            f"X[{column!r}], the column that it was fitted on"
        )
