"""`local.readiness`: a model may take its time to load, and the wait is talked about."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.part import Part
from local.readiness import LOOK_EVERY, wait_until_ready
from local.stop_request import StopRequest
from local.supervisor import Supervisor
from shared.address import Address, listening_address
from shared.errors import StartError
from tests.system import INHERITED, wait_for

LOADING = {
    "status": "not ready", "database": "ready", "redis": "ready",
    "worker": "no worker with a loaded model answers", "error": "not ready: worker",
}  # fmt: skip


class Gateway(HTTPServer):
    """Says what `readyz` holds."""

    def __init__(self) -> None:
        self.readyz: dict[str, str] = LOADING
        super().__init__(("127.0.0.1", 0), Readyz)

    @property
    def address(self) -> Address:
        return listening_address("127.0.0.1", self.server_address[1])


class Readyz(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        body = json.dumps(self.server.readyz).encode()
        self.send_response(200 if self.server.readyz["status"] == "ready" else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The test's own output is looked at."""


class Hours(StopRequest):
    """A clock on which each pause between two looks takes two seconds. After `loading` seconds the
    model has been loaded."""

    def __init__(self, gateway: Gateway, loading: float) -> None:
        super().__init__()
        self.now = 0.0
        self._gateway = gateway
        self._loading = loading

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float = 0.0) -> None:
        super().pause(0.0)
        self.now += 2.0 if seconds == LOOK_EVERY else seconds
        if self.now >= self._loading:
            self._gateway.readyz = {"status": "ready"}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_that_loads_for_minutes_is_waited_for(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = Hours(gateway, 300.0)
    with Supervisor(hours) as supervisor:
        wait_until_ready(gateway.address, supervisor, hours, hours.clock)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 29
    assert said[6] == (
        "queuecast: still starting after 70 s: worker: no worker with a loaded model answers; "
        "Ctrl-C stops"
    )


def test_nothing_is_said_of_a_quick_start(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = Hours(gateway, 8.0)
    with Supervisor(hours) as supervisor:
        wait_until_ready(gateway.address, supervisor, hours, hours.clock)
    assert capsys.readouterr().out == ""


def test_a_part_that_ended_is_not_waited_for(gateway: Gateway) -> None:
    """However short a time has passed."""
    hours = Hours(gateway, 300.0)
    with Supervisor(hours) as supervisor:
        part = supervisor.start_part("the worker", [sys.executable, "-c", "exit(3)"], INHERITED)
        supervisor.add(part, lambda: part, 1.0)
        wait_for(lambda: _ended(part), 10, "it ended")
        with pytest.raises(StartError, match="the worker ended with exit code 3"):
            wait_until_ready(gateway.address, supervisor, hours, hours.clock)
    assert hours.now <= 2.0


def _ended(part: Part) -> bool:
    return part.exit_code is not None
