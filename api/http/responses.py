"""Answers: JSON for what went well, and for every error its status and its reason."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Response

from shared.errors import (
    QueuecastError,
    UnauthorizedError,
    UnavailableError,
    UnknownMethodError,
)

log = logging.getLogger(__name__)

JSON = (b"content-type", b"application/json")


class Chunks(Protocol):
    """A body that is made while it is sent, on a thread. Making it may raise."""

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Let go of what the body holds."""


@dataclass(slots=True)
class Answer:
    """The answer to a request. Its body is `body`, or is made bit by bit by `chunks`."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: [JSON])
    chunks: Chunks | None = None


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    found = Answer(status, json.dumps(body).encode() + b"\n")
    for name, value in (headers or {}).items():
        found.headers.append((name.lower().encode("ascii"), value.encode("latin-1")))
    return found


def problem(error: QueuecastError) -> Answer:
    """The answer that one of our errors becomes."""
    headers: dict[str, str] = {}
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, UnknownMethodError):
        headers["Allow"] = ", ".join(sorted(error.allowed))
    return answer({"error": str(error)}, error.status, headers)


def unforeseen(error: Exception) -> Answer:
    """The answer to what should never happen; the log says what it was."""
    log.error("unforeseen", exc_info=error)
    return answer({"error": "an internal error; it was logged"}, 500)


def for_flask(found: Answer) -> Response:
    """The same answer as a view of Flask returns it."""
    response = Response(found.body, found.status)
    response.headers.clear()
    for name, value in found.headers:
        response.headers[name.decode("ascii")] = value.decode("latin-1")
    return response
