"""`api.http.content_type`: what a body says of itself."""

from __future__ import annotations

import gzip

import pytest

from api.http.content_type import announced_length, check_type, decompress
from shared.errors import MalformedBodyError, TooLargeError, UnsupportedTypeError

LONGEST = 1000


@pytest.mark.parametrize(
    "text",
    [
        b"application/json",
        b"Application/JSON; charset=utf-8",
        b'application/json;charset="UTF8"',
        b"application/json; v=1",
    ],
)
@pytest.mark.parametrize("encoding", [None, b"gzip", b"GZIP", b"x-gzip", b"identity"])
def test_json_is_taken(text: bytes, encoding: bytes | None) -> None:
    """However it is spelt."""
    check_type({b"content-type": text} | ({b"content-encoding": encoding} if encoding else {}))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"text/json",
        b"application/json; charset=latin-1",
        b"application/jsonp",
        b"application/json; charset=\xff",
    ],
)
def test_another_type_is_not(text: bytes) -> None:
    """It is said what to send."""
    with pytest.raises(UnsupportedTypeError, match="application/json"):
        check_type({b"content-type": text})


@pytest.mark.parametrize("encoding", [b"br", b"deflate", b"gzip, gzip", b"zstd"])
def test_another_encoding_is_named(encoding: bytes) -> None:
    """The one that was sent."""
    with pytest.raises(UnsupportedTypeError, match=encoding.decode()):
        check_type({b"content-type": b"application/json", b"content-encoding": encoding})


def test_lengths() -> None:
    """A body that says that it is too large is refused before it comes."""
    assert announced_length({b"content-length": b"1000"}, LONGEST) == 1000
    assert announced_length({}, LONGEST) is None
    assert announced_length({b"transfer-encoding": b"chunked"}, LONGEST) is None
    for length in (b"1001", b"9" * 400):
        with pytest.raises(TooLargeError, match="1000 bytes"):
            announced_length({b"content-length": length}, LONGEST)


def test_gzip() -> None:
    """One member or several, up to the limit and not a byte further."""
    body = b"x" * LONGEST
    assert decompress(gzip.compress(body), LONGEST) == body
    halves = gzip.compress(body[:500]) + gzip.compress(body[500:])
    assert decompress(halves, LONGEST) == body
    assert decompress(gzip.compress(b""), LONGEST) == b""
    for bomb in (gzip.compress(body + b"x"), gzip.compress(body) * 2, gzip.compress(b"0" * 10**7)):
        with pytest.raises(TooLargeError):
            decompress(bomb, LONGEST)


@pytest.mark.parametrize(
    "data",
    [b"", b"plain", gzip.compress(b"whole", mtime=0)[:-1], gzip.compress(b"x", mtime=0) + b"more"],
)
def test_what_is_no_gzip(data: bytes) -> None:
    """Neither what is cut off, nor what has something behind it."""
    with pytest.raises(MalformedBodyError):
        decompress(data, LONGEST)
