"""`api.http.preferences`: the Prefer header as RFC 7240 has it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.preferences import Preference, parse

NOTHING = Preference()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], NOTHING),
        (["respond-async"], Preference(True)),
        (["wait=10"], Preference(wait=10)),
        (["respond-async, wait=10"], Preference(True, 10)),
        # RFC 7240, section 2: these two groups are equivalent.
        (["respond-async, wait=100", "handling=lenient"], Preference(True, 100)),
        (["respond-async", "wait=100", "handling=lenient"], Preference(True, 100)),
        (['foo; bar=""', "foo; bar", 'foo=""; bar'], NOTHING),
        (["return=minimal, respond-async"], Preference(True)),
        (["priority=5, wait=2"], Preference(wait=2)),
        # Section 2: names are not case-sensitive, and spaces may stand around `=` and `;`.
        (["Respond-Async , WAIT = 7"], Preference(True, 7)),
        (["\trespond-async\t,\twait\t=\t7\t"], Preference(True, 7)),
        (['wait="7"'], Preference(wait=7)),
        (["respond-async; foo=bar, wait=7; x"], Preference(True, 7)),
        (['wait=7; x="a, b; c"', "respond-async"], Preference(True, 7)),
        (['respond-async=""'], Preference(True)),
        (["respond-async="], Preference(True)),
        # Section 2: only the first of several with one name counts.
        (["wait=1, wait=2"], Preference(wait=1)),
        (["wait=1", "wait=2, wait=3"], Preference(wait=1)),
        (["wait=0"], Preference(wait=0)),
        (["wait=007"], Preference(wait=7)),
        ([",, ,respond-async,,"], Preference(True)),
    ],
)
def test_what_is_well_formed_counts(headers: list[str], expected: Preference) -> None:
    """One header or several, in any case and spacing that the RFC allows."""
    assert parse(headers) == expected


@pytest.mark.parametrize(
    "header",
    [
        "", " ", ",", ";", "=", '"', "wait", "wait=", 'wait=""', "wait=-1", "wait=1.5", "wait=x",
        "wait=1e3", "wait=+1", "wait=0x1", "wait=1 2", 'wait="1', 'wait=1"', "wait==1",
        "wait:1", "wait=\u0661", "wait=\u00b2", "respond-async=yes", "respond async",
        "respond_async", "async", "xrespond-async", "no-wait=1", "=respond-async", "\x00", "\xff",
    ],
)  # fmt: skip
def test_what_is_malformed_is_ignored(header: str) -> None:
    """A malformed or unknown preference changes nothing, and spoils none that stand beside it."""
    assert parse([header]) == NOTHING
    if '"' not in header:
        assert parse([header + ", respond-async", "wait=3"]) == Preference(True, 3)


@pytest.mark.parametrize(
    "header",
    [
        'foo="a, respond-async"', 'foo="a, respond-async, b"', 'foo="wait=1, wait=2, x"',
        'foo; bar="x, respond-async, y"', r'foo="\", respond-async, "',
    ],
)  # fmt: skip
def test_what_is_quoted_is_a_value(header: str) -> None:
    """Commas within a quoted string separate nothing (RFC 9110, section 5.6.4)."""
    assert parse([header]) == NOTHING
    assert parse([header + ", wait=9"]) == Preference(wait=9)


@pytest.mark.parametrize("digits", [10, 20, 100, 4_300, 4_301, 20_000])
def test_a_very_long_wait_is_the_ceiling(digits: int) -> None:
    """`wait=N` takes any N, and is clamped; no number is too large for that."""
    assert parse(["wait=" + "9" * digits]).seconds(4.0, 20.0) == 20.0


@given(st.lists(st.text() | st.text('waitrespond-async=",;0123456789 \t\\'), max_size=4))
def test_any_headers_are_read(headers: list[str]) -> None:
    """No text is an error, and a wait is a number of seconds within its bounds."""
    preference = parse(headers)
    assert 0.0 <= preference.seconds(4.0, 20.0) <= 20.0


@given(st.integers(0, 10**12), st.floats(0, 25), st.floats(0, 25))
def test_wait_is_clamped(wait: int, default: float, ceiling: float) -> None:
    """`wait=N` replaces the default, up to the ceiling, with or without respond-async."""
    for header in (f"wait={wait}", f"respond-async, wait={wait}"):
        assert parse([header]).seconds(default, ceiling) == min(wait, ceiling)


def test_without_wait() -> None:
    """The default is waited, or nothing at all with respond-async alone."""
    assert parse([]).seconds(4.0, 20.0) == 4.0
    assert parse(["respond-async"]).seconds(4.0, 20.0) == 0.0
    assert not math.copysign(1, parse(["wait=0"]).seconds(4.0, 20.0)) < 0
