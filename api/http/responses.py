"""Answers: JSON for what went well, and for every error its status and its reason."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from shared.errors import QueuecastError, UnauthorizedError, UnavailableError

log = logging.getLogger(__name__)


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    response = Response(json.dumps(body) + "\n", status, mimetype="application/json")
    response.headers.update(dict(headers or {}))
    return response


def problem(error: QueuecastError) -> Response:
    """The response that one of our errors becomes."""
    headers: dict[str, str] = {}
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    return answer({"error": str(error)}, error.status, headers)


def unforeseen(error: Exception) -> Response:
    """The response to what should never happen; the log says what it was."""
    log.error("unforeseen", exc_info=error)
    return answer({"error": "an internal error; it was logged"}, 500)


def register(app: Flask) -> None:
    """Give every error of the app a JSON body."""

    @app.errorhandler(QueuecastError)
    def ours(error: QueuecastError) -> Response:
        return problem(error)

    @app.errorhandler(HTTPException)
    def theirs(error: HTTPException) -> Response:
        if isinstance(error, RequestEntityTooLarge):
            text = f"the body is larger than {app.config['MAX_CONTENT_LENGTH']} bytes"
        else:
            text = _texts().get(error.code or 500) or str(error.description or error.name)
        kept = {k: v for k, v in error.get_headers() if k.lower() not in _REPLACED}
        return answer({"error": text}, error.code or 500, kept)

    app.register_error_handler(Exception, unforeseen)


_LONGEST_SHOWN = 200
_REPLACED = {"content-type", "content-length"}


def _texts() -> dict[int, str]:
    return {
        404: f"there is nothing at {request.path[:_LONGEST_SHOWN]}",
        405: f"{request.path[:_LONGEST_SHOWN]} does not take {request.method}",
    }
