"""How a column reads a value that a client sent: as it is, as what it plainly stands for, or not at
all. Pure.

Nothing is lost on the way: what could be read in two ways is refused, with what is taken instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

# Tells the fault of a value; None when it is taken as it is.
Check = Callable[[Any], str | None]

# Digits of Python's own, underscores and the like, are no numbers to other readers.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_LONGEST_NUMBER = 400
_WORTH_READING = 1000
# From which number on, as an amount, a number is of this unit since 1970. Below the first it may
# be seconds, milliseconds near 1970, or the days of a spreadsheet.
_SINCE_1970 = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"))
_TIMES = "must be ISO 8601 text, or milliseconds since 1970 (of a day not within three years of it)"


@dataclass(frozen=True, slots=True)
class Read:
    """What a value is read as, and whether the model knows it."""

    value: Any
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """How one column takes values. `fault` is quick and judges a value as it is; for one that it
    finds fault with, `read` gives what it stands for, or the fault in words."""

    name: str
    fault: Check
    read: Callable[[Any], Read | str]

    def takes(self, value: Any) -> bool:
        """Whether it takes it, in one way or the other."""
        return self.fault(value) is None or not isinstance(self.read(value), str)


def column(name: str, dtype: Any, known: Collection[Any]) -> Column | None:
    """How a column of this dtype takes values; None when it takes anything. `known` are the
    texts that an encoder of the pipeline knows for it, where it has one."""
    if dtype is None or pd.api.types.is_object_dtype(dtype):
        return None
    if isinstance(dtype, pd.CategoricalDtype):
        return Column(name, *_category(dtype))
    if isinstance(dtype, pd.StringDtype):
        texts = frozenset(value for value in known if isinstance(value, str))
        return Column(name, _text_fault, lambda value: _text(value, texts))
    return Column(name, *_of_dtype(dtype))


@cache
def _of_dtype(dtype: Any) -> tuple[Check, Callable[[Any], Read | str]]:
    nullable = not isinstance(dtype, np.dtype)
    check: Check
    if pd.api.types.is_bool_dtype(dtype):
        check = lambda value: _truth_fault(value, nullable)  # noqa: E731
        return check, lambda value: _truth(value, check(value) or "")
    if pd.api.types.is_integer_dtype(dtype):
        limits = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
        check = lambda value: _integer_fault(value, nullable, limits.min, limits.max)  # noqa: E731
        return check, lambda value: _number(value, check)
    if pd.api.types.is_float_dtype(dtype):
        kind = getattr(dtype, "numpy_dtype", dtype).type
        check = lambda value: _float_fault(value, kind)  # noqa: E731
        return check, lambda value: _number(value, check)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _never_as_it_is, lambda value: _time(value, dtype)
    if pd.api.types.is_timedelta64_dtype(dtype):
        return _never_as_it_is, lambda value: _duration(value, dtype)
    return _never_as_it_is, lambda value: _as_pandas_does(value, dtype)


def _truth_fault(value: Any, nullable: bool) -> str | None:
    if value is None:
        return None if nullable else "a column of booleans takes no missing value"
    return None if isinstance(value, bool) else "must be true or false"


def _truth(value: Any, fault: str) -> Read | str:
    # A text would be true whatever it says, to pandas.
    return Read(value == 1) if isinstance(value, int | float) and value in (0, 1) else fault


def _integer_fault(value: Any, nullable: bool, smallest: int, largest: int) -> str | None:
    if value is None:
        return None if nullable else "a column of whole numbers takes no missing value"
    if not isinstance(value, int | float) or (isinstance(value, float) and not value.is_integer()):
        return "must be a whole number"
    if not smallest <= value <= largest:
        return f"must be between {smallest} and {largest}"
    return None


def _float_fault(value: Any, kind: type[Any]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, int | float):
        return "must be a number"
    try:
        if kind is np.float64:
            return None if math.isfinite(value) else "must be a finite number"
        with np.errstate(over="ignore"):  # narrower floats overflow into infinity
            fits = bool(np.isfinite(kind(value)))
    except OverflowError:  # an integer beyond the range of floats
        return "must be a finite number"
    return None if fits else f"must be a finite number of {np.dtype(kind)}"


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
    exact = Decimal(stripped)
    if exact and abs(exact.adjusted()) > _WORTH_READING:
        return math.inf if exact.adjusted() > 0 else float(exact)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _text_fault(value: Any) -> str | None:
    return None if value is None or type(value) is str else "must be a string or a number"


def _text(value: Any, known: Collection[str]) -> Read | str:
    """A number in a column of texts is its text: of the two that a whole one has ("2" and "2.0"),
    the one that the model knows, else as it was sent."""
    if isinstance(value, list | dict):
        return "must be a string or a number"
    for text in _texts(value):
        if text in known:
            return Read(text)
    # Nothing is known of a column without an encoder; a whole number has a plain text there.
    return Read(str(value), not known and type(value) is int)


def _texts(value: Any) -> list[str]:
    texts = [str(value)]
    if isinstance(value, float) and value.is_integer():
        texts.append(str(int(value)))
    elif type(value) is int:
        texts.append(f"{value}.0")
    return texts


def _category(dtype: pd.CategoricalDtype) -> tuple[Check, Callable[[Any], Read | str]]:
    categories = dtype.categories
    exact = {(type(value), value) for value in categories.tolist()}

    def fault(value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, list | dict):
            return "must be a string or a number"
        return None if (type(value), value) in exact else "not a category"

    def read(value: Any) -> Read | str:
        if isinstance(value, list | dict):
            return "must be a string or a number"
        for same in _same(value, categories):
            place = categories.get_indexer(pd.Index([same]))[0]
            if place >= 0:
                return Read(categories[place])
        return Read(None, is_known=False)

    return fault, read


def _same(value: Any, categories: Any) -> list[Any]:
    """What else means the same among these categories, and the value itself first."""
    found = [value]
    if pd.api.types.is_datetime64_any_dtype(categories.dtype):
        time = _time(value, categories.dtype)
        found += [time.value] if isinstance(time, Read) else []
    elif isinstance(value, str):
        number = of_text(value)
        if number is not None and pd.api.types.is_numeric_dtype(categories.dtype):
            found += [] if pd.api.types.is_bool_dtype(categories.dtype) else [number]
    elif pd.api.types.is_bool_dtype(categories.dtype):
        found += [value == 1] if value in (0, 1) else []
    elif isinstance(value, bool) and pd.api.types.is_numeric_dtype(categories.dtype):
        found += [int(value)]
    else:
        found += _texts(value)
    return found


def _never_as_it_is(value: Any) -> str | None:
    return None if value is None else "to be read"


def _time(value: Any, dtype: Any) -> Read | str:
    """Text as pandas reads it. One with a time zone in a column without is the time in UTC; one
    without in a column with a zone is the time there."""
    if isinstance(value, bool | list | dict):
        return _TIMES
    try:
        if isinstance(value, str):
            time = pd.Timestamp(value)
        else:
            unit = next((unit for least, unit in _SINCE_1970 if abs(value) >= least), None)
            if unit is None or value != int(value):
                return _TIMES
            time = pd.Timestamp(int(value), unit=unit, tz="UTC")
        zone = getattr(dtype, "tz", None)
        if time.tzinfo is None:
            time = time.tz_localize(zone)
        else:
            time = time.tz_convert(zone if zone is not None else "UTC")
            time = time if zone is not None else time.tz_localize(None)
        return Read(pd.Series([time], dtype=object).astype(dtype).iloc[0])
    except (ValueError, TypeError, OverflowError):
        return _TIMES if not isinstance(value, str) else f"does not fit a column of {dtype}"


def _duration(value: Any, dtype: Any) -> Read | str:
    # A number may be of any unit: pandas reads nanoseconds and writes milliseconds.
    if not isinstance(value, str) and value != 0:
        return 'must be text with its unit, such as "90 s", "2 days" or ISO 8601\'s "P2DT3H"'
    return _as_pandas_does(value, dtype)


def _as_pandas_does(value: Any, dtype: Any) -> Read | str:
    try:
        return Read(pd.Series([value], dtype=object).astype(dtype).iloc[0])
    except (ValueError, TypeError, OverflowError):
        return f"does not fit a column of {dtype}"
