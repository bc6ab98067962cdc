"""What the server read of one HTTP request before its body."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from shared.queue.messages import new_request_id

# What is taken over from a client's `X-Request-Id`: enough for UUIDs and trace ids, and nothing
# that could break a log line in two.
_SANE_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
# What a proxy says that it took away from the front of the path.
_PREFIX = re.compile(rb"(/[A-Za-z0-9._~-]+){1,16}")


@dataclass(slots=True)
class HttpRequest:
    """One request. Header names are in lower case; of several with one name, `headers` has the
    last and `all_headers` all. `body` is there when the route takes one."""

    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    all_headers: Sequence[tuple[bytes, bytes]]
    request_id: str
    # Whether the gateway made `request_id`, so that no other request can have it.
    id_is_ours: bool
    body: bytes = b""
    # The body as it comes, of a route that takes it so.
    parts: AsyncIterator[bytes] | None = None
    arguments: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_head(
        cls, method: str, path: str, query: bytes, headers: Sequence[tuple[bytes, bytes]]
    ) -> HttpRequest:
        """The request that a head makes; the client's `X-Request-Id` is kept when it is sane."""
        named = dict(headers)
        sent = named.get(b"x-request-id")
        if sent is not None and _SANE_ID.fullmatch(sent):
            return cls(method, path, query, named, headers, sent.decode("ascii"), id_is_ours=False)
        return cls(method, path, query, named, headers, new_request_id(), id_is_ours=True)

    def identity(self) -> str:
        """The identity of what this request asks for, from its arrival to its row. Never one that
        a client chose: two requests could carry the same."""
        return self.request_id if self.id_is_ours else new_request_id()

    def every(self, name: bytes) -> list[str]:
        """The values of all headers of this name."""
        return [value.decode("latin-1") for header, value in self.all_headers if header == name]

    @property
    def has_body(self) -> bool:
        """Whether its client sends a body, or says that it will."""
        length = self.headers.get(b"content-length")
        return b"transfer-encoding" in self.headers or length not in (None, b"0")

    @property
    def prefix(self) -> str:
        """What a proxy took from the front of the path (`X-Forwarded-Prefix`); usually nothing."""
        sent = self.headers.get(b"x-forwarded-prefix", b"").rstrip(b"/")
        return sent.decode("ascii") if _PREFIX.fullmatch(sent) else ""
