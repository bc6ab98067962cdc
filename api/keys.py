"""API keys: when one is set, everything but the health routes asks for it."""

from __future__ import annotations

import hmac

from flask import Flask, request

from shared.errors import UnauthorizedError

_OPEN = ("/healthz", "/readyz")


def register(app: Flask, keys: tuple[str, ...]) -> None:
    """Ask for one of these keys before anything else is looked at; none set means open."""
    if not keys:
        return
    known = [key.encode() for key in keys]

    @app.before_request
    def check() -> None:
        if request.path in _OPEN:
            return
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        given = sent.strip().encode("utf-8", "surrogateescape")
        # Every key is compared, in constant time, so that timing tells nothing.
        matches = [hmac.compare_digest(given, key) for key in known]
        if scheme.lower() != "bearer" or not any(matches):
            raise UnauthorizedError("an API key is needed: Authorization: Bearer <key>")
