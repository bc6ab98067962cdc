"""Which pages of other origins a browser may let use this service (CORS; the Fetch standard)."""

from __future__ import annotations

from api.http.http_request import HttpRequest

# How long a browser may remember the answer to a preflight, in seconds.
_REMEMBERED = b"600"
_TAKEN = b"authorization, content-type, content-encoding, prefer, x-request-id"
_READABLE = b"location, preference-applied, retry-after, www-authenticate, x-request-id"


class Cors:
    """The origins of `CORS_ORIGINS`; none, which is the default, means that CORS is off."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._origins = {origin.encode() for origin in origins}
        self.is_on = bool(origins)

    def preflight(self, request: HttpRequest, allowed: bytes) -> list[tuple[bytes, bytes]]:
        """The headers of the answer to a preflight, beside the origin's; none for an origin that is
        not allowed."""
        if not is_preflight(request) or not self._knows(request):
            return []
        return [
            (b"access-control-allow-methods", allowed),
            (b"access-control-allow-headers", _TAKEN),
            (b"access-control-max-age", _REMEMBERED),
        ]

    def headers(self, request: HttpRequest) -> list[tuple[bytes, bytes]]:
        """What an answer to this request says to a browser."""
        if not self.is_on:
            return []
        if not self._knows(request):
            return [(b"vary", b"origin")]
        origin = request.headers[b"origin"]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _READABLE),
            (b"vary", b"origin"),
        ]

    def _knows(self, request: HttpRequest) -> bool:
        origin = request.headers.get(b"origin")
        return origin is not None and (origin in self._origins or b"*" in self._origins)


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks what it may send, which it does without a key."""
    asks = b"access-control-request-method" in request.headers
    return request.method == "OPTIONS" and asks and b"origin" in request.headers
