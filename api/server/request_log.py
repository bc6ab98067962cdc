"""A line in the log for each request, at `LOG_LEVEL=DEBUG`."""

from __future__ import annotations

import logging

from api.http.http_request import HttpRequest

log = logging.getLogger(__name__)

_LONGEST_SHOWN = 200


class RequestLog:
    """Hears of every request that was answered, and writes it down."""

    def answered(self, request: HttpRequest, status: int, seconds: float) -> None:
        """A request got its answer."""
        path = request.path[:_LONGEST_SHOWN]
        log.debug("%s %r: %d in %.1f ms", request.method, path, status, seconds * 1000)
