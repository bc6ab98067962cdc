"""The head of a request: what HTTP/1.1 does not let it hold, and how it asks to upgrade. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Bytes of a request line and all headers together.
LARGEST_HEAD = 65536
_TOO_LARGE = f"are larger than {LARGEST_HEAD} bytes"
_ONLY_CHUNKED = (
    "a Transfer-Encoding other than chunked is not supported: send the body as it is, or as gzip "
    "with Content-Encoding"
)

Headers = Sequence[tuple[bytes, bytes]]


class RefusedHeadError(Exception):
    """A head cannot be taken; the connection that it came by is closed after the answer."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


@dataclass(frozen=True, slots=True)
class Head:
    """A head as the parser has read it. Header names are in lower case."""

    method: bytes
    url: bytes
    version: str
    headers: Headers

    def check(self) -> None:
        """See that it is a request that this server understands.

        Raises:
            RefusedHeadError: it is too large, of another version of HTTP, names no host or several
                (RFC 9112, section 3.2), has a body in a coding that is not chunked (section 6.1),
                or asks for a tunnel.
        """
        size, hosts = len(self.url), 0
        codings: list[bytes] = []
        for name, value in self.headers:
            size += len(name) + len(value)
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding":
                codings += value.lower().split(b",")
        if size > LARGEST_HEAD:
            raise too_large(self.url)
        if self.version not in ("1.0", "1.1"):
            raise RefusedHeadError(400, "this is no request of HTTP/1.1")
        if self.method == b"CONNECT":
            raise RefusedHeadError(400, "CONNECT is not supported: this is no proxy")
        if hosts > 1 or (not hosts and self.version == "1.1"):
            said = "has no Host header" if not hosts else "has more than one Host header"
            raise RefusedHeadError(400, f"the request {said}: it must have one")
        # Where chunked is not the last, nobody knows where the body ends: the parser refuses it.
        if len(codings) > 1 and codings[-1].strip() == b"chunked":
            raise RefusedHeadError(501, _ONLY_CHUNKED)

    def without_upgrade(self) -> bytes:
        """The same head as a client sends it that does not ask to upgrade to another protocol."""
        lines = [b"%s %s HTTP/%s" % (self.method, self.url, self.version.encode("ascii"))]
        for name, value in self.headers:
            kept = value
            if name == b"upgrade":
                continue
            if name == b"connection":
                tokens = [t.strip() for t in value.split(b",")]
                kept = b", ".join(t for t in tokens if t.lower() != b"upgrade")
            lines.append(b"%s: %s" % (name, kept))
        return b"\r\n".join(lines) + b"\r\n\r\n"


def too_large(url: bytes) -> RefusedHeadError:
    """What a head of more than `LARGEST_HEAD` bytes is refused with that has this URL, or has it so
    far: whichever of URL and headers is most of it."""
    if len(url) > LARGEST_HEAD // 2:
        return RefusedHeadError(414, f"the URL and headers {_TOO_LARGE}")
    return RefusedHeadError(431, f"the request line and headers {_TOO_LARGE}")
