"""Values on a command line, as JSON has them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

_LARGEST = 2**63


def observation_id(text: str) -> int | str:
    """A whole number where it is one as a service writes it; else the text, which may be "007"."""
    try:
        number = int(text)
    except ValueError:
        return text
    return number if str(number) == text and -_LARGEST <= number < _LARGEST else text


def value(text: str) -> Any:
    """What is JSON as such: a number, `true`, `null`, a text in quotes, an array. Anything else is
    a text; nothing is a null."""
    if text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def true_class(text: str) -> Any:
    """As `value`; an empty text is one."""
    return value(text) if text else text


def observation(given: str | None, fields: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
    """An observation from JSON, a file (`@name`) or standard input (`-`), with these fields in
    front of its own; and the id, if what was given is a whole request, else None.

    Raises:
        click.UsageError: it is no JSON object, or a field has no name.
    """
    observation_id, found = _request(_read(given)) if given is not None else (None, {})
    for field in fields:
        name, is_there, text = field.partition("=")
        if not name or not is_there:
            raise click.UsageError(f"--field is {field!r}, and must be NAME=VALUE, such as Age=22")
        found[name] = value(text)
    if not found and given is None:
        raise click.UsageError("an observation is needed: as JSON, or by --field NAME=VALUE")
    return observation_id, found


def _read(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise click.UsageError(f"{given[1:]!r} cannot be read: {reason}") from error


def _request(text: str) -> tuple[Any, dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"the observation is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise click.UsageError('the observation is no JSON object, such as {"Age": 22}')
    inner = found.get("observation")
    if isinstance(inner, dict) and found.keys() <= {"id", "observation"}:
        return found.get("id"), inner
    return None, found
