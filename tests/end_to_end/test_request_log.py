"""The seam for metrics and traces: an observer hears of every request that was answered."""

from __future__ import annotations

import re

from tests.system import System


def test_every_request_is_logged_with_its_id(on_postgres: System) -> None:
    """At `LOG_LEVEL=DEBUG`: method, path, status and time of what was answered, whoever refused
    it; and the id that the client sent, at the end of the line."""
    on_postgres.settings["LOG_LEVEL"] = "DEBUG"
    on_postgres.settings["API_KEY"] = "secret"
    try:
        _, client = on_postgres.start_gateway()
        assert client.get("/nowhere", **{"X-Request-Id": "asked-1"}).status == 404
        client.headers.clear()
        assert client.get("/list-db-contents", **{"X-Request-Id": "asked-2"}).status == 401
        assert client.get("/healthz", **{"X-Request-Id": "two\twords"}).status == 200
    finally:
        on_postgres.stop()
    lines = [line for line in on_postgres.log().splitlines() if "request_log" in line]
    assert re.search(r"GET '/nowhere': 404 in \d+\.\d ms \[asked-1\]$", "\n".join(lines), re.M)
    assert re.search(r"GET '/list-db-contents': 401 in .* \[asked-2\]$", "\n".join(lines), re.M)
    assert re.search(r"GET '/healthz': 200 in .* \[[0-9a-f-]{36}\]$", "\n".join(lines), re.M)
