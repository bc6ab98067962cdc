"""Request bodies: JSON of the right shape, or a reason why not. Pure."""

from __future__ import annotations

import math
from typing import Any

from shared.errors import MalformedBodyError, WrongShapeError
from shared.model_kind import MOST_NUMBERS
from shared.observation_id import (
    ALLOWED,
    LARGEST_INTEGER,
    LONGEST_TEXT,
    SMALLEST_INTEGER,
    ObservationId,
)
from shared.queue.messages import Kind, Request
from shared.strict_json import parse_object

# Which of them the model can have had is known by a worker only.
_TRUE_CLASS = (
    "true_class must be a class (a 64-bit integer, a string of 1 to "
    f"{LONGEST_TEXT} characters or a boolean) or, for a regressor, a number or an array of numbers"
)


def understand(kind: Kind, data: bytes, identity: str) -> Request:
    """The request, of this identity, that a client asks for with this body.

    Raises:
        MalformedBodyError: it is not JSON in UTF-8.
        WrongShapeError: a field is missing or of the wrong kind.
    """
    text = _text(data)
    document = parse_object(text)
    if "id" not in document:
        raise WrongShapeError(f"id is missing: it must be {ALLOWED}")
    observation_id = ObservationId.parse(document["id"])
    if kind is Kind.PREDICT:
        _check_observation(document)
    else:
        _check_true_class(document)
    return Request(identity, kind, observation_id, text)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBodyError(f"the body is not UTF-8: {error.reason}") from error


def _check_observation(document: dict[str, Any]) -> None:
    if "observation" not in document:
        raise WrongShapeError("observation is missing: it must be an object")
    if not isinstance(document["observation"], dict):
        raise WrongShapeError("observation must be an object")


def _check_true_class(document: dict[str, Any]) -> None:
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
