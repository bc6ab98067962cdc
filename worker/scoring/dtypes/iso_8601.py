"""Times and durations as ISO 8601 writes them. Pure.

What pandas reads is far more than that: "now", "10:00", "05/06/2021" by the day of the reading or
the habits of a country, and a month as a minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_DATE = re.compile(
    r"(?P<year>\d{4})(?:"
    r"(?P<hyphen>-?)(?P<month>\d\d)(?P=hyphen)(?P<day>\d\d)"
    r"|-(?P<whole_month>\d\d)"
    r"|(?P<week_hyphen>-?)W(?P<week>\d\d)(?:(?P=week_hyphen)(?P<weekday>\d))?"
    r"|-?(?P<day_of_year>\d{3})"
    r")?",
    re.ASCII,
)
_CLOCK = re.compile(
    r"(?P<hours>\d\d)(?:(?P<colon>:?)(?P<minutes>[0-5]\d)(?:(?P=colon)(?P<seconds>[0-5]\d))?)?"
    r"(?:[.,](?P<fraction>\d{1,18}))?"
    r"(?:(?P<utc>Z)|(?P<sign>[+-])(?P<offset_hours>[01]\d|2[0-3])(?::?(?P<offset_minutes>[0-5]\d))?)?",
    re.ASCII,
)
# Each amount may have a sign of its own, as pandas writes a negative duration.
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?!$)"
    r"(?:(?P<weeks>{0})W)?(?:(?P<days>{0})D)?"
    r"(?:T(?!$)(?:(?P<hours>{0})H)?(?:(?P<minutes>{0})M)?(?:(?P<seconds>{0})S)?)?".format(
        r"[+-]?\d{1,18}(?:[.,]\d{1,18})?"
    ),
    re.ASCII,
)
_PLACES = 18
_SECOND = 10**9
# In nanoseconds, the smallest unit last.
_UNITS = {
    "weeks": 604_800 * _SECOND, "days": 86_400 * _SECOND, "hours": 3_600 * _SECOND,
    "minutes": 60 * _SECOND, "seconds": _SECOND,
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what is said of a zone stands beside it


@dataclass(frozen=True, slots=True)
class Moment:
    """What a clock shows, and the nanoseconds that follow its microseconds, 0 to 999; `offset` is
    how far it is ahead of UTC, None where that is not said."""

    clock: datetime
    nanoseconds: int = 0
    offset: timedelta | None = None


def moment(text: str) -> Moment | None:
    """The time that a text is: a date, and perhaps an hour of it, after a T or a blank, and an
    offset. A date without an hour is its midnight; a week, a month and a year their first day.
    None when it is no such text, or there is no such day."""
    day_text, separator, clock_text = _split(text)
    found = _DATE.fullmatch(day_text)
    if found is None:
        return None
    try:
        midnight = datetime.combine(_day(found), datetime.min.time())
        if not separator:
            return Moment(midnight)
        clock = _CLOCK.fullmatch(clock_text)
        is_whole = found["day"] or found["weekday"] or found["day_of_year"]
        nanoseconds = None if clock is None or not is_whole else _since_midnight(clock)
        if clock is None or nanoseconds is None:
            return None
        microseconds, rest = divmod(nanoseconds, 1000)
        return Moment(midnight + timedelta(microseconds=microseconds), rest, _offset(clock))
    except (ValueError, OverflowError):  # there is no such day, or it is beyond the year 9999
        return None


def epoch_milliseconds(number: float) -> Moment | None:
    """The time that is so many milliseconds after the beginning of 1970 in UTC; None when it is
    beyond the years 1 to 9999, or no whole number of them."""
    try:
        if number != int(number):
            return None
        return Moment(_EPOCH + timedelta(milliseconds=int(number)), offset=timedelta(0))
    except (ValueError, OverflowError):
        return None


def duration(text: str) -> int | None:
    """A duration in nanoseconds, less of them cut off; None when it is none of weeks, days, hours,
    minutes and seconds. Only the smallest of them may have a fraction."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    amounts = {unit: found[unit].replace(",", ".") for unit in _UNITS if found[unit]}
    if any("." in amount for amount in list(amounts.values())[:-1]):
        return None
    total = sum(_nanoseconds(amount, _UNITS[unit]) for unit, amount in amounts.items())
    return -total if found["sign"] == "-" else total


def _split(text: str) -> tuple[str, str, str]:
    # A blank for the T is how pandas, Python and databases print a time.
    return text.partition("T" if "T" in text else " ")


def _day(found: re.Match[str]) -> date:
    year = int(found["year"])
    if found["week"]:
        return date.fromisocalendar(year, int(found["week"]), int(found["weekday"] or 1))
    if found["day_of_year"]:
        day = date(year, 1, 1) + timedelta(days=int(found["day_of_year"]) - 1)
        if day.year != year:
            raise ValueError(f"no day of {year}")
        return day
    return date(year, int(found["month"] or found["whole_month"] or 1), int(found["day"] or 1))


def _since_midnight(clock: re.Match[str]) -> int | None:
    """In nanoseconds; None beyond 24:00, which is the midnight at the end of the day."""
    named = [unit for unit in ("hours", "minutes", "seconds") if clock[unit]]
    total = sum(int(clock[unit]) * _UNITS[unit] for unit in named)
    fraction = f"{clock['fraction'] or '':0<{_PLACES}}"
    total += int(fraction) * _UNITS[named[-1]] // 10**_PLACES
    return total if total <= _UNITS["days"] else None


def _offset(clock: re.Match[str]) -> timedelta | None:
    if clock["utc"]:
        return timedelta(0)
    if not clock["sign"]:
        return None
    ahead = timedelta(hours=int(clock["offset_hours"]), minutes=int(clock["offset_minutes"] or 0))
    return -ahead if clock["sign"] == "-" else ahead


def _nanoseconds(amount: str, unit: int) -> int:
    whole, _, fraction = amount.lstrip("+-").partition(".")
    found = int(whole) * unit
    if fraction:
        found += int(f"{fraction:0<{_PLACES}}") * unit // 10**_PLACES
    return -found if amount.startswith("-") else found
