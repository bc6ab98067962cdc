"""What a client sent, as a message shows it: in bounded length. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LONGEST_SHOWN = 80
MOST_WARNINGS = 20


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


def at_most(warnings: Sequence[str]) -> list[str]:
    """The first warnings, and how many more there are."""
    left = len(warnings) - MOST_WARNINGS
    return [*warnings[:MOST_WARNINGS], f"and {left} more"] if left > 0 else list(warnings)
