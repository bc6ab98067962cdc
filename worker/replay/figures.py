"""How figures are written for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NOTHING = "-"


def count(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float | None) -> str:
    """A share of one in percent, with as many digits as tell it from none and from all."""
    if share is None:
        return NOTHING
    text = f"{share:.1%}"
    if text == "0.0%" and share > 0:
        return "<0.1%"
    return ">99.9%" if text == "100.0%" and share < 1 else text


def decimal(number: float | None, digits: int = 4) -> str:
    """A number with so many decimals."""
    return NOTHING if number is None else f"{number:.{digits}f}"


def signed(number: float | None, digits: int = 4) -> str:
    """A difference, with its sign; zero has none."""
    if number is None:
        return NOTHING
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def span(interval: Sequence[float] | None, digits: int = 4) -> str:
    """An interval, with both ends signed when one is below zero."""
    if interval is None:
        return NOTHING
    write = signed if min(interval) < 0 else decimal
    return f"{write(interval[0], digits)} to {write(interval[1], digits)}"


def p_value(probability: float) -> str:
    """A p-value in three digits."""
    return "<0.001" if probability < 0.001 else f"{probability:.3f}"


def label(value: Any) -> str:
    """A class or an id as JSON would write it, a dash for none."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
