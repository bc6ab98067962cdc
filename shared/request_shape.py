"""What the JSON of a prediction or an update must hold: of a request's body, and of a line of a
batch. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shared.errors import WrongShapeError
from shared.model_kind import MOST_NUMBERS
from shared.observation_id import (
    ALLOWED,
    LARGEST_INTEGER,
    LONGEST_TEXT,
    SMALLEST_INTEGER,
    ObservationId,
)
from shared.queue.messages import Kind

# Which of them the model can have had is known by a worker only.
_TRUE_CLASS = (
    "true_class must be a class (a 64-bit integer, a string of 1 to "
    f"{LONGEST_TEXT} characters or a boolean) or, for a regressor, a number or an array of numbers"
)


def check_shape(kind: Kind, document: Mapping[str, object]) -> ObservationId:
    """See that a document has what its kind needs; the id of its observation.

    Raises:
        WrongShapeError: a field is missing or of the wrong kind.
    """
    if "id" not in document:
        raise WrongShapeError(f"id is missing: it must be {ALLOWED}")
    observation_id = ObservationId.parse(document["id"])
    if kind is Kind.PREDICT:
        _check_observation(document)
    else:
        _check_true_class(document)
    return observation_id


def _check_observation(document: Mapping[str, object]) -> None:
    if "observation" not in document:
        raise WrongShapeError("observation is missing: it must be an object")
    if not isinstance(document["observation"], dict):
        raise WrongShapeError("observation must be an object")


def _check_true_class(document: Mapping[str, object]) -> None:
    if "true_class" not in document:
        raise WrongShapeError(f"true_class is missing: {_TRUE_CLASS}")
    value = document["true_class"]
    if isinstance(value, list):
        fits = 1 <= len(value) <= MOST_NUMBERS and all(map(_is_number, value))
    elif isinstance(value, str):
        fits = 1 <= len(value) <= LONGEST_TEXT
    else:
        fits = isinstance(value, bool) or _is_number(value)
    if not fits:
        raise WrongShapeError(_TRUE_CLASS)


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and SMALLEST_INTEGER <= value <= LARGEST_INTEGER  # type: ignore[operator]
