"""API keys: when one is set, everything but the routes that are open to all asks for it."""

from __future__ import annotations

import hmac


class ApiKeys:
    """The keys that let a request in; none means that everybody is."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = [key.encode() for key in keys]

    def open_to(self, authorization: bytes) -> bool:
        """Whether a request with this `Authorization` header may come in."""
        if not self._keys:
            return True
        scheme, _, given = authorization.partition(b" ")
        # Every key is compared, in constant time, so that timing tells nothing.
        matches = [hmac.compare_digest(given.strip(), key) for key in self._keys]
        return scheme.lower() == b"bearer" and any(matches)
