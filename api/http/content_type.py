"""What a body says of itself: `Content-Type`, `Content-Encoding` and `Content-Length`. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache

from werkzeug.http import parse_options_header

from shared.errors import MalformedBodyError, TooLargeError, UnsupportedTypeError

_LONGEST_SHOWN = 100
# zlib's number for a gzip header and trailer (Python's documentation, "zlib.decompressobj").
_GZIP = 31


def check_type(headers: Mapping[bytes, bytes]) -> None:
    """See that a body says that it is JSON in UTF-8, plain or compressed with gzip.

    Raises:
        UnsupportedTypeError: it does not.
    """
    if not _is_json(headers.get(b"content-type", b"")):
        raise UnsupportedTypeError("send the body as Content-Type: application/json, in UTF-8")
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"gzip", b"x-gzip", b"identity"):
        shown = encoding.decode("latin-1")[:_LONGEST_SHOWN]
        raise UnsupportedTypeError(
            f"Content-Encoding is {shown!r}, but a body may only be plain or gzip"
        )


@lru_cache(maxsize=64)
def _is_json(content_type: bytes) -> bool:
    if not content_type.isascii():
        return False
    mimetype, options = parse_options_header(content_type.decode("latin-1"))
    charset = options.get("charset", "utf-8").lower().replace("-", "")
    return mimetype.lower() == "application/json" and charset in ("utf8", "usascii")


def announced_length(headers: Mapping[bytes, bytes], longest: int) -> int | None:
    """The bytes that a body will have, None when it comes in chunks.

    Raises:
        TooLargeError: it says that it has more than `longest`.
    """
    text = headers.get(b"content-length")
    if text is None or b"transfer-encoding" in headers:
        return None
    # The parser let only digits pass; more of them than this are too many bytes in any case.
    length = int(text) if len(text) < 20 else longest + 1
    if length > longest:
        raise TooLargeError(f"the body is larger than {longest} bytes")
    return length


def is_compressed(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body must be decompressed."""
    return headers.get(b"content-encoding", b"").strip().lower() in (b"gzip", b"x-gzip")


def decompress(data: bytes, longest: int) -> bytes:
    """The bytes of a gzip body, which may have several members (RFC 1952).

    Raises:
        TooLargeError: there are more than `longest`.
        MalformedBodyError: it is not gzip, or is cut off.
    """
    found = bytearray()
    while data or not found:
        member = zlib.decompressobj(_GZIP)
        try:
            found += member.decompress(data, longest + 1 - len(found))
        except zlib.error as error:
            raise MalformedBodyError(f"the body is not gzip: {error}") from error
        if len(found) > longest:
            raise TooLargeError(f"the body is larger than {longest} bytes when it is decompressed")
        if not member.eof:
            raise MalformedBodyError("the body is not gzip: it is cut off")
        data = member.unused_data
        if not data:
            break
    return bytes(found)
