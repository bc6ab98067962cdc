"""`api.http.query_arguments`: what the query string of a listing may say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.http.query_arguments import EARLIEST, LATEST, choice, moment, refuse_unknown, text
from shared.errors import WrongShapeError


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-24T10:30:00Z", "2026-11-24T12:30:00%2B02:00", "2026-11-24T12:30:00+02:00",
        "2026-11-24T12:30:00+0200", "2026-11-24%2012:30+02", "20261124T103000Z",
        "2026-11-24T05:30-05:00", "2026-11-24T10:30:00.000000Z",
    ],
)  # fmt: skip
def test_times(given: str) -> None:
    """ISO 8601 with an offset, also with a `+` that is a blank in a query string."""
    found = moment(f"since={given}".encode(), "since")
    assert found == datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "given",
    [
        "", "now", "2026-11-24", "2026-11-24T10:30:00", "2026-11-24%2010:30", "1764000000",
        "2026-13-01T00:00Z", "0000-13-01T00:00Z", "0000-01-01T00:00", "%00", "%FF",
    ],
)  # fmt: skip
def test_no_times(given: str) -> None:
    """Without an offset it would be guessed."""
    with pytest.raises(WrongShapeError, match=r"^since is .* 2026-11-24T10:30:00Z$"):
        moment(f"since={given}".encode(), "since")


def test_times_beyond_python() -> None:
    """They are compared like any other: all rows are before, or after."""
    for early in ("0000-02-29T00:00:00Z", "0001-01-01T00:00%2B23:00"):
        assert moment(f"since={early}".encode(), "since") == EARLIEST
    assert moment(b"since=9999-12-31T23:59-23:00", "since") == LATEST


def test_texts_and_choices() -> None:
    """Each is named when it is wrong; none is None."""
    assert text(b"model_version=a%20%C3%A9%EF%BF%BD", "model_version") == "a é\ufffd"
    for bad in (b"model_version=%00", b"model_version=%FF"):
        with pytest.raises(WrongShapeError, match=r"^model_version "):
            text(bad, "model_version")
    assert choice(b"labelled=true", "labelled", ("true", "false")) == "true"
    with pytest.raises(WrongShapeError, match=r"^labelled is 'yes', and must be true or false$"):
        choice(b"labelled=yes", "labelled", ("true", "false"))
    for nothing in (b"", b"other=1"):
        assert text(nothing, "model_version") is None
        assert choice(nothing, "labelled", ("true", "false")) is None
        assert moment(nothing, "since") is None


def test_misspelt() -> None:
    """A filter that nobody applies would let everything through."""
    refuse_unknown(b"since=1&until=2", ("since", "until"))
    with pytest.raises(WrongShapeError, match="'labeled' is no argument here; there are labelled"):
        refuse_unknown(b"labeled=true", ("labelled",))
