"""`api.http.api_keys`: which `Authorization` headers let a request in (RFC 6750, section 2.1)."""

from __future__ import annotations

import pytest

from api.http.api_keys import ApiKeys

KEYS = ("first", "second")


@pytest.mark.parametrize(
    "header", [b"Bearer first", b"Bearer second", b"bearer first", b"BEARER  second "]
)
def test_every_key_lets_in(header: bytes) -> None:
    """The name of the scheme has no case (RFC 9110, section 11.1)."""
    assert ApiKeys(KEYS).open_to(header)


@pytest.mark.parametrize(
    "header",
    [
        b"", b"first", b"Bearer", b"Bearer ", b"Bearer third", b"Bearer firs",
        b"Bearer first,second",
        b"Bearer FIRST", b"Basic first", b"Token second", b" Bearer first", b"Bearerfirst",
    ],
)  # fmt: skip
def test_nothing_else_does(header: bytes) -> None:
    """Another scheme, a part of a key, a key in another case."""
    assert not ApiKeys(KEYS).open_to(header)


@pytest.mark.parametrize("header", [b"", b"Basic any", b"Bearer any"])
def test_without_keys_everybody_comes_in(header: bytes) -> None:
    """Also who sends one."""
    assert ApiKeys(()).open_to(header)
