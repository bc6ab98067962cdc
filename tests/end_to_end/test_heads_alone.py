"""Heads whose bodies never come, or are not where a parser looks for them."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator

import pytest

from tests.end_to_end.wire import send
from tests.system import FIRST_PASSENGER, System

HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def patient(on_postgres: System) -> Iterator[System]:
    """A gateway that waits a second for a body to go on."""
    on_postgres.settings.update(BODY_STALL="1", BODY_TIMEOUT="20")
    try:
        yield on_postgres.start()
    finally:
        on_postgres.stop()


@pytest.mark.parametrize(
    "more", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"]
)
def test_nothing_of_the_body_comes(patient: System, more: bytes) -> None:
    """It is late as one that stands still; and nobody waits for it when the gateway stops."""
    part, client = patient.gateways[0]
    with socket.create_connection(client.address, timeout=10) as connection:
        connection.sendall(HEAD + more)
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
    _, stopping = patient.start_gateway(BODY_STALL="20")
    part = patient.gateways[-1][0]
    with socket.create_connection(stopping.address, timeout=20) as connection:
        connection.sendall(HEAD + more)
        assert stopping.alive()
        part.process.send_signal(signal.SIGTERM)
        assert connection.recv(1000).startswith(b"HTTP/1.1 503 ")
    assert part.process.wait(10) == 0
    patient.gateways.pop()


def test_each_of_several_sent_at_once(patient: System) -> None:
    """Requests that were sent before the first was answered keep their bodies."""
    bodies = [
        json.dumps({"id": f"at once {n}", "observation": FIRST_PASSENGER}).encode()
        for n in range(4)
    ]
    sent = b"".join(HEAD + b"Content-Length: %d\r\n\r\n" % len(b) + b for b in bodies)
    with socket.create_connection(patient.client.address, timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while received.count(b"HTTP/1.1 200 ") < 4:
            part = connection.recv(10_000)
            assert part, received
            received += part
            assert b"HTTP/1.1 4" not in received, received
    assert len(patient.client.rows()) == 4


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_who_asks_to_upgrade(patient: System, protocol: str) -> None:
    """Is told what is wrong, and nothing that follows is taken for another request."""
    body = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    headers = [
        ("Host", "x"), ("Connection", "Upgrade"), ("Upgrade", protocol),
        ("Content-Type", "application/json"),
    ]  # fmt: skip
    answer = send(patient.client.address, "POST", "/predict", headers, body)
    assert answer.status == 400
    assert answer.json["error"].startswith("Connection: Upgrade is not supported")
