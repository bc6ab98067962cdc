"""What a client sent, as a message shows it: in bounded length. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

LONGEST_SHOWN = 80
MOST_WARNINGS = 20
_UPDATE_KEYS = ("id", "true_class")


def shown(value: Any) -> str:
    """A value as Python writes it, cut off when it is long."""
    return "missing" if value is None else shortened(repr(value))


def shortened(text: str) -> str:
    """A text, cut off when it is long."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def unused_key_warnings(owner: str, keys: Sequence[str]) -> list[str]:
    """A warning for each key, such as "the request has a key that is not used: color", where
    `owner` is the part before the colon; only the number of keys when they are too many."""
    named = [f"{owner}: {shortened(key)}" for key in keys[:MOST_WARNINGS]]
    left = len(keys) - len(named)
    return [*named, f"{owner}: {left} more"] if left else named


def update_warnings(keys: Iterable[str]) -> dict[str, list[str]]:
    """What the answer to an update with these keys holds besides: `warnings` of those that are not
    used, or nothing."""
    unused = [key for key in keys if key not in _UPDATE_KEYS]
    if not unused:
        return {}
    return {"warnings": unused_key_warnings("the request has a key that is not used", unused)}


def at_most(warnings: Sequence[str]) -> list[str]:
    """The first warnings, and how many more there are."""
    left = len(warnings) - MOST_WARNINGS
    return [*warnings[:MOST_WARNINGS], f"and {left} more"] if left > 0 else list(warnings)
