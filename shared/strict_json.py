"""JSON as clients write it, read strictly.

Both sides read a request's body with this one function: the gateway to judge it, the worker to
take the observation out of the text that was sent.
"""

from __future__ import annotations

import json

from shared.errors import MalformedBodyError, WrongShapeError

DEEPEST = 32


def _constant(name: str) -> None:
    """pandas writes NaN for a missing value; the infinities stand for nothing we can store."""
    if name == "NaN":
        return
    raise MalformedBodyError(f"broken JSON: {name} is not a JSON value")


_decoder = json.JSONDecoder(parse_constant=_constant)


def parse(body: bytes | str) -> object:
    """Read one JSON document; NaN is null.

    Raises:
        MalformedBodyError: not UTF-8, not JSON, nested deeper than 32, or an integer of
            thousands of digits.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBodyError(f"the body is not UTF-8: {error.reason}") from error
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedBodyError(
            f"broken JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise MalformedBodyError(f"JSON nested deeper than {DEEPEST}") from error
    except ValueError as error:
        raise MalformedBodyError("broken JSON: an integer has too many digits") from error
    if text.count("{") + text.count("[") > DEEPEST:
        _refuse_depth(value)
    return value


def parse_object(body: bytes | str) -> dict[str, object]:
    """Read one JSON document that must be an object.

    Raises:
        MalformedBodyError: as `parse` does.
        WrongShapeError: the document is an array, a string, a number or null.
    """
    value = parse(body)
    if not isinstance(value, dict):
        raise WrongShapeError("the body must be a JSON object")
    return value


def _refuse_depth(value: object) -> None:
    """Breadth first, a level at a time: no recursion, and flat documents cost one pass."""
    level: list[object] = [value]
    for depth in range(DEEPEST + 1):
        children: list[object] = []
        for node in level:
            if isinstance(node, dict):
                children.extend(v for v in node.values() if isinstance(v, (dict, list)))
            elif isinstance(node, list):
                children.extend(v for v in node if isinstance(v, (dict, list)))
        if not children:
            return
        if depth + 2 > DEEPEST:
            raise MalformedBodyError(f"JSON nested deeper than {DEEPEST}")
        level = children
