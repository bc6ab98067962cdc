"""API keys: when one is set, everything but the health routes asks for it."""

from __future__ import annotations

import hmac

from flask import Flask, request

from shared.errors import UnauthorizedError

_OPEN = ("/healthz", "/readyz")


class ApiKeys:
    """The keys that let a request in; none means that everybody is."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = [key.encode() for key in keys]

    def open_to(self, authorization: str) -> bool:
        """Whether a request with this `Authorization` header may come in."""
        if not self._keys:
            return True
        scheme, _, sent = authorization.partition(" ")
        given = sent.strip().encode("utf-8", "surrogateescape")
        # Every key is compared, in constant time, so that timing tells nothing.
        matches = [hmac.compare_digest(given, key) for key in self._keys]
        return scheme.lower() == "bearer" and any(matches)


def register(app: Flask, keys: ApiKeys) -> None:
    """Ask for a key before anything else is looked at."""

    @app.before_request
    def check() -> None:
        if request.path in _OPEN or keys.open_to(request.headers.get("Authorization", "")):
            return
        raise UnauthorizedError("an API key is needed: Authorization: Bearer <key>")
