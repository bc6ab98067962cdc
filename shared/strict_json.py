"""JSON as clients write it, read strictly.

Both sides read a request's body with this one function: the gateway to judge it, the worker to
take the observation out of the text that was sent.
"""

from __future__ import annotations

import json
from typing import Any

from shared.errors import MalformedBodyError, WrongShapeError
from shared.shown import shortened

DEEPEST = 32


def _constant(name: str) -> None:
    """pandas writes NaN for a missing value; the infinities stand for nothing we can store."""
    if name == "NaN":
        return
    raise MalformedBodyError(f"broken JSON: {name} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one key all but one would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise MalformedBodyError(f"broken JSON: the key {shortened(repr(twice))} is there twice")
    return found


_decoder = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_object)


def parse(body: bytes | str) -> object:
    """Read one JSON document; NaN is null.

    Raises:
        MalformedBodyError: not UTF-8, not JSON, nested deeper than 32, an object with a key twice,
            or an integer of thousands of digits.
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
