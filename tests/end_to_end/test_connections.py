"""Connections that do nothing: they are closed in time, and make room for whoever asks."""

from __future__ import annotations

import time

import pytest

from local.part import Part
from tests.end_to_end.half_sent import HalfSent
from tests.flood import Flood
from tests.gateway_memory import check_memory
from tests.honest_client import HonestClient
from tests.rough_client import RoughClient, head
from tests.system import Answer, Client, System, wait_for

Gateway = tuple[Part, Client]

# One more than a gateway holds by default, and a few.
MANY = 1100
# In seconds, of the gateway that closes early; and what a busy machine may add to them.
HEAD, IDLE, STALL, MARGIN = 1.0, 2.0, 2.0, 4.0
FEW = 16

UP = head("GET", "/healthz")
# What a connection may have sent when it falls silent before a request is whole.
UNFINISHED = {
    "nothing": b"",
    "a method": b"GE",
    "a line": b"GET /healthz HTTP/1.1\r\n",
    "half a head": b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: appl",
    "a head without its end": b"GET /healthz HTTP/1.1\r\nHost: test\r\n",
    "half of a second request": UP + b"GET /he",
}


@pytest.fixture(scope="module")
def patient(attacked: System) -> Gateway:
    """A gateway that closes nothing for its age within a test."""
    return attacked.start_gateway(HEAD_TIMEOUT="60", BODY_STALL="60", BODY_TIMEOUT="120")


@pytest.fixture(scope="module")
def narrow(attacked: System) -> Gateway:
    """The same, with room for a few connections."""
    return attacked.start_gateway(
        GATEWAY_CONNECTIONS=str(FEW), HEAD_TIMEOUT="60", BODY_STALL="60", BODY_TIMEOUT="120"
    )


@pytest.fixture(scope="module")
def strict(attacked: System) -> Gateway:
    """A gateway that waits for a second or two."""
    return attacked.start_gateway(
        HEAD_TIMEOUT=f"{HEAD:g}", KEEP_ALIVE=f"{IDLE:g}", BODY_STALL=f"{STALL:g}"
    )


@pytest.mark.parametrize("name", [*UNFINISHED, "a whole request"])
def test_a_flood_keeps_nobody_out(patient: Gateway, name: str) -> None:
    """More connections than there is room for, none of which asks for anything now."""
    part, client = patient
    with Flood(client.address, MANY, UNFINISHED.get(name, UP)):
        HonestClient(client).is_served()
    HonestClient(client).is_served()
    check_memory(part)


def test_a_flood_of_half_sent_bodies(strict: Gateway) -> None:
    """As many as there are places: until the first are closed others may be refused, and are told
    so; then they are served, however many come again."""
    part, client = strict
    honest = HonestClient(client)
    with Flood(client.address, MANY, HalfSent("POST", "/predict").sent()) as flood:
        wait_for(lambda: _served_or_refused(client), STALL + MARGIN, "others are served")
        flood.keep_up()
        wait_for(lambda: _served_or_refused(client), STALL + MARGIN, "others are served again")
    honest.is_served()
    check_memory(part)


def _served_or_refused(client: Client) -> bool:
    answer = client.get("/healthz")
    assert answer.status in (200, 503)
    if answer.status == 503:
        assert list(answer.json) == ["error"]
        assert int(answer.headers["retry-after"]) >= 1
    return answer.status == 200


@pytest.mark.parametrize("name", UNFINISHED)
def test_a_head_that_stalls(strict: Gateway, name: str) -> None:
    """The connection is closed at HEAD_TIMEOUT, or at KEEP_ALIVE when no other request began;
    what is said before that is 408."""
    with RoughClient(strict[1].address, UNFINISHED[name]) as rough:
        began = time.monotonic()
        if name == "half of a second request":
            assert rough.answer().status == 200
        last = rough.rest(max(HEAD, IDLE) + MARGIN)
        assert time.monotonic() - began >= HEAD * 0.5
    assert not last or last.startswith(b"HTTP/1.1 408 ")
    if last:
        assert b'{"error": "' in last


def test_a_head_that_drips(strict: Gateway) -> None:
    """Bytes that keep coming do not put it off."""
    with RoughClient(strict[1].address, UP[:-2]) as rough:
        began = time.monotonic()
        try:
            answer = rough.drip(b"X-Dripping: " + b"x" * 60, 0.2)
        except (OSError, EOFError):
            pass
        else:
            assert answer.status == 408
        assert HEAD * 0.5 <= time.monotonic() - began <= HEAD + MARGIN


def test_an_idle_connection(strict: Gateway, patient: Gateway) -> None:
    """It is closed at KEEP_ALIVE and not before; longer than a head may take it is kept."""
    with RoughClient(strict[1].address, UP) as brief, RoughClient(patient[1].address, UP) as long:
        assert brief.answer().status == long.answer().status == 200
        began = time.monotonic()
        assert brief.rest(IDLE + MARGIN) == b""
        assert time.monotonic() - began >= IDLE * 0.5 > HEAD * 0.5
        long.send(UP)
        assert long.answer().status == 200


def test_the_oldest_makes_room(narrow: Gateway) -> None:
    """Of those that ask for nothing: whoever came last stays."""
    address = narrow[1].address
    with Flood(address, FEW, UP) as flood:
        for client in flood.clients:
            assert client.answer().status == 200
        with RoughClient(address, UP) as another:
            assert another.answer().status == 200
            wait_for(flood.clients[0].hung_up, 5, "the oldest is closed")
            assert not any(client.hung_up() for client in flood.clients[FEW // 2 :])


@pytest.mark.parametrize("sent", [b"", b"GET / HT", UP], ids=["silent", "half a head", "idle"])
def test_those_who_are_busy_stay(narrow: Gateway, sent: bytes) -> None:
    """Requests that are under way lose nothing to a flood of connections that ask for nothing."""
    address = narrow[1].address
    half = HalfSent("POST", "/update")
    with Flood(address, FEW // 2, half.sent()) as busy:
        with Flood(address, FEW * 4, sent):
            HonestClient(narrow[1]).is_served()
        for client in busy.clients:
            client.send(b"0}".ljust(half.length - len(b'{"id": ')))
            assert client.answer().status == 422


def test_no_room_for_more_requests(narrow: Gateway) -> None:
    """When every place is taken by a request, another is refused at once, with when to come back;
    a place that is free again is given."""
    part, client = narrow
    with Flood(client.address, FEW, HalfSent("POST", "/predict").sent()):
        answer = wait_for(lambda: _refusal(client), 5, "another is refused")
        # What needs no key is no more welcome for that; only health is.
        assert client.get("/docs").status == 503
        assert client.get("/healthz").status == 200
        assert answer.headers["content-type"] == "application/json"
        assert list(answer.json) == ["error"]
        assert int(answer.headers["retry-after"]) >= 1
    wait_for(lambda: client.get("/healthz").status == 200, 5, "there is room again")
    HonestClient(client).is_served()
    check_memory(part)


def _refusal(client: Client) -> Answer | None:
    answer = client.predict("no room")
    return answer if answer.status == 503 else None
