"""The values of command lines, read as settings are."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def argument(read: Callable[[str], T], allowed: str) -> Callable[[str], T]:
    """What `argparse` calls for a value: `read`, and when that refuses it, a line with what was
    given and what is allowed."""

    def reads(text: str) -> T:
        try:
            return read(text)
        except (ValueError, OverflowError) as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}") from error

    return reads
