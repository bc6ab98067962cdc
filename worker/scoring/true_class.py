"""What really happened, in the words of the model's classes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.errors import WrongShapeError
from shared.shown import shortened

_MOST_LISTED = 20


def recognise(value: Any, classes: Sequence[Any]) -> Any:
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
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int | float) and _number(value) == all(map(_number, classes)):
        return value
    listed = ", ".join(str(known) for known in classes[:_MOST_LISTED])
    more = ", …" if len(classes) > _MOST_LISTED else ""
    raise WrongShapeError(
        f"true_class is {shortened(repr(value))}, and the model's classes are {listed}{more}"
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
