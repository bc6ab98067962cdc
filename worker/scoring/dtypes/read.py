"""What a value is read as, and the two functions by which a dtype takes values. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Read:
    """What a value is read as, and whether the model knows it."""

    value: Any
    is_known: bool = True


# Tells the fault of a value in words; None when it is taken as it is. It is called for every value.
Check = Callable[[Any], str | None]
# For a value that the check finds fault with: what it stands for, or the fault in words.
Reader = Callable[[Any], Read | str]


def never_as_it_is(value: Any) -> str | None:
    """The check of a dtype that has no values in JSON: all but a missing one have to be read."""
    return None if value is None else "to be read"
