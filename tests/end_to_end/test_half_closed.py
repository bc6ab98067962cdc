"""Clients that close their half of the connection behind what they send, as `nc -N` does."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from local.part import Part
from tests.rough_client import JSON, head
from tests.system import FIRST_PASSENGER, Client, System

# A gateway that waits for ever, unless it sees that nothing more comes.
PATIENT = {"BODY_STALL": "60", "BODY_TIMEOUT": "60", "HEAD_TIMEOUT": "60", "KEEP_ALIVE": "60"}


def body_of(observation_id: str) -> bytes:
    """A good prediction."""
    return json.dumps({"id": observation_id, "observation": FIRST_PASSENGER}).encode()


def predict(observation_id: str, *more: tuple[str, str]) -> bytes:
    """One, whole."""
    body = body_of(observation_id)
    return head("POST", "/predict", [JSON, *more], len(body)) + body


def exchanged(client: Client, sent: bytes) -> bytes:
    """Everything that is answered to what is sent, by when the gateway hangs up."""
    with socket.create_connection(client.address, timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


@pytest.fixture(scope="module")
def gateway(attacked: System) -> Iterator[tuple[Part, Client]]:
    """One that waits for as long as the tests go on."""
    yield attacked.start_gateway(wait=True, **PATIENT)


def test_a_whole_request_is_answered(gateway: tuple[Part, Client]) -> None:
    """Predicted, polled and listed, and the connection is closed after it."""
    _, client = gateway
    answer = exchanged(client, predict("half closed"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert b'{"proba": ' in answer
    assert b"connection: close" in answer
    promised = client.predict("promised", prefer="respond-async").json["job_id"]
    for path in (f"/jobs/{promised}?wait=10", "/list-db-contents", "/healthz"):
        answer = exchanged(client, head("GET", path))
        assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert b'"half closed"' in exchanged(client, head("GET", "/list-db-contents"))


def test_each_of_several_is_answered(gateway: tuple[Part, Client]) -> None:
    """In their order, also when the last is cut off."""
    _, client = gateway
    names = [f"of several {n}" for n in range(4)]
    sent = b"".join(predict(name) for name in names)
    answers = exchanged(client, sent)
    assert answers.count(b"HTTP/1.1 200 ") == 4
    answers = exchanged(client, sent + predict("cut off")[:-10])
    assert answers.count(b"already exists") == 4
    assert re.findall(rb"^HTTP/1.1 (\d+) ", answers, re.MULTILINE) == [b"200"] * 4 + [b"400"]
    assert b"ended before the request was whole" in answers.rpartition(b"\r\n\r\n")[2]


CUT_OFF = {
    "in the head": head("GET", "/healthz")[:-4],
    "in the method": b"GE",
    "before the body": head("POST", "/predict", [JSON], 100),
    "in the body": head("POST", "/predict", [JSON], 100) + b'{"id": ',
    "in a chunk": head("POST", "/predict", [JSON], chunked=True) + b"a\r\n{",
    "before the last chunk": head("POST", "/predict", [JSON], chunked=True) + b"2\r\n{}\r\n",
    "in a body that no route reads": head("GET", "/jobs/none", [], 100) + b"{",
}


@pytest.mark.parametrize("where", CUT_OFF)
def test_half_a_request(gateway: tuple[Part, Client], where: str) -> None:
    """It ends at once, with one answer that says why, and its connection with it."""
    part, client = gateway
    process = psutil.Process(part.process.pid)
    connections = len(process.net_connections())
    began = time.monotonic()
    answer = exchanged(client, CUT_OFF[where])
    assert time.monotonic() - began < 10
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 4"), answer
    if where != "in a body that no route reads":  # which may be answered before
        assert b"ended before the request was whole" in answer
    assert len(process.net_connections()) <= connections


def test_nothing_at_all(gateway: tuple[Part, Client]) -> None:
    """Who connects and says nothing, or has said all, is hung up on without a word."""
    _, client = gateway
    assert exchanged(client, b"") == b""
    with socket.create_connection(client.address, timeout=20) as connection:
        connection.sendall(head("GET", "/healthz"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536) == b""


def test_who_has_left_keeps_nobody_out(attacked: System) -> None:
    """Clients that asked and hung up, many more than there is room for, take no place from those
    who come."""
    _, client = attacked.start_gateway(GATEWAY_CONNECTIONS="8", SYNC_WAIT="1")
    for number in range(40):
        with socket.create_connection(client.address, timeout=20) as connection:
            connection.sendall(predict(f"left {number}"))
    assert client.predict("still served").status == 200
