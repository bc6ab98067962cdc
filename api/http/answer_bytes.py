"""An answer as the bytes that HTTP/1.1 wants. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii")
    for status in HTTPStatus
}


def answer_bytes(
    status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, without_body: bool = False
) -> bytes:
    """Head and body in one piece, which is sent with one call to the system; `without_body` for
    the answer to HEAD, which has everything else. The headers must hold no line break."""
    parts = [_STATUS_LINES[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    if status != HTTPStatus.NO_CONTENT:
        parts.append(b"content-length: %d\r\n" % len(body))
    parts.append(b"\r\n")
    if not without_body:
        parts.append(body)
    return b"".join(parts)
