"""What really happened, in the words of the model's classes, or as its numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shared.errors import WrongShapeError
from shared.model_kind import ModelKind
from shared.observation_id import LARGEST_INTEGER
from shared.shown import shortened
from worker.model.answering import Answering

_MOST_LISTED = 20


def recognise(value: Any, answering: Answering) -> Any:
    """What to store for what a client sent: the true class of a classifier, the true number of a
    regressor, or as many as it predicts.

    Raises:
        WrongShapeError: as `recognise_class`; or it is no number, for a regressor.
    """
    if answering.kind is ModelKind.REGRESSOR:
        return _numbers(value, answering.outputs)
    return recognise_class(value, answering.classes)


def _numbers(value: Any, outputs: int | None) -> Any:
    if outputs != 1 and isinstance(value, list):
        right_length = outputs is None or len(value) == outputs
        if value and right_length and all(map(_finite, value)):
            return value
    elif outputs in (None, 1) and _finite(value):
        return value
    wanted = "a number" if outputs in (None, 1) else f"an array of {outputs} numbers"
    raise WrongShapeError(
        f"true_class is {shortened(repr(value))}, and the model predicts {wanted}"
    )


def recognise_class(value: Any, classes: Sequence[Any]) -> Any:
    """The true class to store for what a client sent.

    A class that the model does not know is kept, as long as it is of the same kind as those that
    it does: the population that comes through the door may hold classes that training did not.

    Raises:
        WrongShapeError: a string for a model whose classes are numbers, or the other way round.
    """
    for known in classes:
        if type(known) is type(value) and known == value:
            return value
    for known in classes:
        # `1` for a model of "0" and "1", `"1"` for one of 0 and 1, `1.0` and `true` for 1.
        if str(known) == str(value) or (_number(known) and _number(value) and known == value):
            return known
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_INTEGER:
        # pandas turns a column of whole numbers with a gap in it into 1.0 and 0.0.
        value = int(value)
    is_label = isinstance(value, str | int) or (
        isinstance(value, float) and any(map(_is_fraction, classes))
    )
    if is_label and _number(value) == all(map(_number, classes)):
        return value
    listed = ", ".join(str(known) for known in classes[:_MOST_LISTED])
    more = ", …" if len(classes) > _MOST_LISTED else ""
    raise WrongShapeError(
        f"true_class is {shortened(repr(value))}, and the model's classes are {listed}{more}"
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_fraction(value: Any) -> bool:
    return isinstance(value, float) and not value.is_integer()


def _finite(value: Any) -> bool:
    if isinstance(value, bool) or not _number(value):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False
