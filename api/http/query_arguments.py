"""Arguments of the query string. Of several with one name the first counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs

from shared.errors import WrongShapeError
from shared.observation_id import LARGEST_INTEGER
from shared.shown import shown

# More than any route takes.
_MOST = 100
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# A `+` that was not written as %2B is a blank.
_BLANK_OFFSET = re.compile(r" (\d\d(:?\d\d)?)$", re.ASCII)


def whole_number(query: bytes, name: str, smallest: int, default: int) -> int:
    """A whole number of 64 bits from the query string.

    Raises:
        WrongShapeError: the argument is something else.
    """
    given = _first(query, name)
    if given is None:
        return default
    if re.fullmatch(r"-?[0-9]{1,19}", given) and smallest <= int(given) <= LARGEST_INTEGER:
        return int(given)
    raise WrongShapeError(f"{name} must be a whole number from {smallest} to {LARGEST_INTEGER}")


def text(query: bytes, name: str) -> str | None:
    """A text that databases can hold; None without the argument.

    Raises:
        WrongShapeError: it has a NUL, or is none of UTF-8.
    """
    given = _first(query, name)
    # Bytes that are no UTF-8 stand here as surrogates.
    if given is not None and re.search("[\0\ud800-\udfff]", given):
        raise WrongShapeError(f"{name} must be a text in UTF-8 without NUL")
    return given


def choice(query: bytes, name: str, allowed: Sequence[str]) -> str | None:
    """One of some words; None without the argument.

    Raises:
        WrongShapeError: the argument is another.
    """
    given = _first(query, name)
    if given is None or given in allowed:
        return given
    raise WrongShapeError(f"{name} is {shown(given)}, and must be {' or '.join(allowed)}")


def moment(query: bytes, name: str) -> datetime | None:
    """A time with its offset, in UTC; None without the argument. One before the year 1 or after
    9999, which Python has not, is the first or the last that it has.

    Raises:
        WrongShapeError: the argument is no such time.
    """
    given = _first(query, name)
    if given is None:
        return None
    is_year_0 = given.startswith("0000")
    # As the year 0 is one with a 29th of February, so is the year 4.
    text = _BLANK_OFFSET.sub(r"+\1", "0004" + given[4:] if is_year_0 else given)
    try:
        found: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise WrongShapeError(
            f"{name} is {shown(given)}, and must be a time with its offset from UTC, in ISO 8601, "
            "such as 2026-11-24T10:30:00Z"
        )
    try:
        return EARLIEST if is_year_0 else found.astimezone(UTC)
    except OverflowError:
        return EARLIEST if found.year == 1 else LATEST


def refuse_unknown(query: bytes, known: Sequence[str]) -> None:
    """See that there are no arguments but these.

    Raises:
        WrongShapeError: there is one.
    """
    for name in _parsed(query):
        if name not in known:
            raise WrongShapeError(
                f"{shown(name)} is no argument here; there are {', '.join(known)}"
            )


def _first(query: bytes, name: str) -> str | None:
    found = _parsed(query).get(name)
    return None if found is None else found[0]


def _parsed(query: bytes) -> dict[str, list[str]]:
    if not query:
        return {}
    try:
        return parse_qs(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST,
            errors="surrogateescape",
        )  # fmt: skip
    except ValueError as error:
        raise WrongShapeError(f"the query string has more than {_MOST} arguments") from error
