"""How columns of numbers take values, and which texts are numbers. Pure."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np

from worker.scoring.dtypes.read import Check, Read, Reader

# Digits of Python's own, underscores and the like, are no numbers to other readers.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_LONGEST_NUMBER = 400
_WORTH_READING = 1000
# A float has all digits of a number with so many characters.
_EXACT = 15


def of_integers(dtype: np.dtype[Any], nullable: bool) -> tuple[Check, Reader]:
    """Whole numbers within the limits of this NumPy dtype, and texts of them; a missing value only
    where the column has one."""
    limits = np.iinfo(dtype)
    smallest, largest = limits.min, limits.max

    def fault(value: Any) -> str | None:
        if value is None:
            return None if nullable else "a column of whole numbers takes no missing value"
        if not isinstance(value, int | float):
            return "must be a whole number"
        if isinstance(value, float) and not value.is_integer():
            return "must be a whole number"
        if not smallest <= value <= largest:
            return f"must be between {smallest} and {largest}"
        return None

    return fault, lambda value: _number(value, fault)


def of_floats(dtype: np.dtype[Any]) -> tuple[Check, Reader]:
    """Finite numbers of this NumPy dtype, texts of them, and missing values."""
    kind = dtype.type
    is_widest = kind is np.float64

    def fault(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, int | float):
            return "must be a number"
        try:
            if is_widest:
                return None if math.isfinite(value) else "must be a finite number"
            with np.errstate(over="ignore"):  # narrower floats overflow into infinity
                fits = bool(np.isfinite(kind(value)))
        except OverflowError:  # an integer beyond the range of floats
            return "must be a finite number"
        return None if fits else f"must be a finite number of {dtype}"

    return fault, lambda value: _number(value, fault)


def _number(value: Any, check: Check) -> Read | str:
    number = of_text(value) if isinstance(value, str) else None
    fault = check(value if number is None else number)
    return Read(number) if fault is None else fault


def of_text(text: str) -> int | float | None:
    """The number that a text is in decimal notation, blanks around it apart; None when it is none.
    A whole number keeps all its digits."""
    stripped = text.strip(" \t\r\n") if len(text) <= _LONGEST_NUMBER else ""
    if not _NUMBER.fullmatch(stripped):
        return None
    if len(stripped) <= _EXACT and "e" not in stripped.lower():
        number = float(stripped)
        return int(number) if number.is_integer() else number
    exact = Decimal(stripped)
    if exact and abs(exact.adjusted()) > _WORTH_READING:
        return math.inf if exact.adjusted() > 0 else float(exact)
    return int(exact) if exact == exact.to_integral_value() else float(exact)
