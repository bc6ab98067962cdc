"""Heads whose bodies never come, or are not where a parser looks for them."""

from __future__ import annotations

import itertools
import json
import re
import signal
import socket
from collections.abc import Iterator

import pytest

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


UPGRADE = {
    # As Java's HttpClient sends it with every first request.
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n",
    "websocket": b"Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n",
    "two lines": b"Connection: keep-alive\r\nconnection: UPGRADE\r\nUpgrade: TLS/1.3, h2c\r\n",
}


@pytest.mark.parametrize("asks", UPGRADE)
@pytest.mark.parametrize("chunked", [False, True])
def test_who_asks_to_upgrade(patient: System, asks: str, chunked: bool) -> None:
    """Is answered by HTTP/1.1 as if it had not asked, its body included, wherever the network has
    cut what it sent; and so is what it sends next."""
    good = json.dumps({"id": f"{asks} {chunked}", "observation": FIRST_PASSENGER}).encode()
    sent = b""
    # The second is JSON that nobody can use; in the place of a body it could be a request.
    for body in (good, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", good):
        sent += HEAD + UPGRADE[asks]
        if chunked:
            sent += b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            sent += b"Content-Length: %d\r\n\r\n" % len(body) + body
    sent += b"GET /jobs/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    cuts = [0, len(HEAD) + 20, sent.index(b"\r\n\r\n") + 2, len(sent) // 2, len(sent)]
    for pieces in ([sent], [sent[a:b] for a, b in itertools.pairwise(cuts)]):
        with socket.create_connection(patient.client.address, timeout=10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                connection.sendall(piece)
            received = b""
            while part := connection.recv(65536):
                received += part
        statuses = re.findall(rb"^HTTP/1\.1 (\d+) ", received, re.MULTILINE)
        assert statuses == [b"200", b"400", b"200", b"404"], received
        assert b"broken JSON" in received
        assert b"upgrade" not in received.lower()


def test_a_tunnel(patient: System) -> None:
    """CONNECT, behind which another protocol would come, is refused, and nothing behind it read."""
    with socket.create_connection(patient.client.address, timeout=10) as connection:
        connection.sendall(b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n")
        connection.sendall(b"Host: x\r\n\r\n")
        received = b""
        while part := connection.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 400 "), received
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"CONNECT is not supported" in received
