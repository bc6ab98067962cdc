"""Bodies that come slowly, or not at all: the slow are closed in time, and others are served."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.part import Part
from tests.end_to_end.half_sent import ANSWERED, EVERYTHING, GUARDED, TAKEN, HalfSent
from tests.flood import Flood
from tests.gateway_memory import check_memory
from tests.honest_client import HonestClient
from tests.rough_client import JSON, RoughClient, head
from tests.system import FIRST_PASSENGER, Answer, Client, System, wait_for

Gateway = tuple[Part, Client]
KEY = "the-key"
# In seconds, of the gateway that closes early.
STALL, TIMEOUT = 1.0, 3.0
# What a busy machine may add to them.
MARGIN = 4.0


@pytest.fixture(scope="module")
def patient(attacked: System) -> Gateway:
    """A gateway that closes nothing within a test: whoever is served meanwhile is served beside
    what is half sent, and not after it."""
    return attacked.start_gateway(BODY_STALL="60", BODY_TIMEOUT="120")


@pytest.fixture(scope="module")
def guarded(attacked: System) -> Gateway:
    """The same, which asks for a key."""
    return attacked.start_gateway(BODY_STALL="60", BODY_TIMEOUT="120", API_KEY=KEY)


@pytest.fixture(scope="module")
def strict(attacked: System) -> Gateway:
    """A gateway that waits for a second."""
    return attacked.start_gateway(BODY_STALL=f"{STALL:g}", BODY_TIMEOUT=f"{TIMEOUT:g}")


def error_of(answer: Answer, status: int) -> str:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json) == ["error"]
    return str(answer.json["error"])


@pytest.mark.parametrize(
    "cases", [*([case] for case in TAKEN), [case for case, _ in ANSWERED], EVERYTHING],
    ids=[*map(str, TAKEN), "what needs no body", "everything"],
)  # fmt: skip
def test_others_are_served_meanwhile(patient: Gateway, cases: Sequence[HalfSent]) -> None:
    """Beside more half-sent requests than there are threads, every route answers."""
    part, client = patient
    with Flood(client.address, 128, [case.sent() for case in cases]):
        HonestClient(client).is_served()
    check_memory(part)


@pytest.mark.parametrize("case", GUARDED, ids=str)
def test_a_stranger_is_refused_before_the_body(guarded: Gateway, case: HalfSent) -> None:
    """401, whatever else is wrong with the request, and while the body is still to come."""
    _, client = guarded
    with RoughClient(client.address, case.sent()) as stranger:
        answer = stranger.answer(method=case.method)
        error_of(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_strangers_keep_nobody_out(guarded: Gateway) -> None:
    """96 half-sent updates without a key once kept every thread."""
    part, client = guarded
    with Flood(client.address, 96, HalfSent("POST", "/update").sent()):
        HonestClient(client).is_served()
    with Flood(client.address, 96, HalfSent("POST", "/update").sent(KEY)):
        HonestClient(client).is_served()
    check_memory(part)


@pytest.mark.parametrize(("case", "status"), ANSWERED, ids=str)
def test_what_needs_no_body_waits_for_none(patient: Gateway, case: HalfSent, status: int) -> None:
    """A route that takes no body, or a request that is refused for its head, is answered now."""
    _, client = patient
    with RoughClient(client.address, case.sent()) as rough:
        assert rough.answer(method=case.method).status == status


def test_bodies_that_stall(strict: Gateway) -> None:
    """408 with an error, and the connection is closed; of every kind, at the same time."""
    with ThreadPoolExecutor(len(TAKEN)) as pool:
        for stalled in [pool.submit(_stall, strict[1], case) for case in TAKEN]:
            stalled.result()


def _stall(client: Client, case: HalfSent) -> None:
    with RoughClient(client.address, case.sent()) as rough:
        began = time.monotonic()
        answer = rough.answer()
        assert STALL * 0.5 <= time.monotonic() - began <= STALL + MARGIN, case
        error_of(answer, 408)
        assert answer.headers["connection"] == "close"
        assert rough.rest() == b""


def test_bodies_that_drip(strict: Gateway) -> None:
    """A byte now and then is progress, and no more than BODY_TIMEOUT of it."""
    with ThreadPoolExecutor(len(TAKEN)) as pool:
        for dripped in [pool.submit(_drip, strict[1], case) for case in TAKEN]:
            dripped.result()


def _drip(client: Client, case: HalfSent) -> None:
    with RoughClient(client.address, case.sent()) as rough:
        drops = b"1\r\n \r\n" * 40 if case.chunked else b" " * 200
        began = time.monotonic()
        answer = rough.drip(drops, 0.2)
        assert STALL < time.monotonic() - began <= TIMEOUT + MARGIN, case
        error_of(answer, 408)


def test_a_slow_honest_body(strict: Gateway) -> None:
    """What comes slowly, and in time, is answered: by pieces longer apart than a round trip."""
    body = json.dumps({"id": "slow", "observation": FIRST_PASSENGER}).encode()
    with RoughClient(strict[1].address, head("POST", "/predict", [JSON], len(body))) as slow:
        slow.send(body[:-4])
        assert slow.drip(body[-4:], 0.4).status == 200


def test_a_flood_is_closed(strict: Gateway) -> None:
    """More than a thousand half-sent bodies: each is closed in time, and others are served."""
    part, client = strict
    with Flood(client.address, 1000, HalfSent("POST", "/update").sent()) as flood:
        wait_for(lambda: not flood.held(), STALL + 15, "every connection is closed")
        HonestClient(client).is_served()
    check_memory(part)


@pytest.mark.parametrize("asked", [True, False], ids=["with the key", "without"])
def test_a_client_that_asks_first(guarded: Gateway, asked: bool) -> None:
    """`Expect: 100-continue`: the body is asked for once the request may have one, and a stranger
    is refused without it."""
    body = json.dumps({"id": f"asks {asked}", "observation": FIRST_PASSENGER}).encode()
    headers = [JSON, ("Expect", "100-continue")]
    if asked:
        headers.append(("Authorization", f"Bearer {KEY}"))
    with RoughClient(guarded[1].address, head("POST", "/predict", headers, len(body))) as client:
        if asked:
            told = client.read(25)
            assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.send(body)
        assert client.answer().status == (200 if asked else 401)


def test_a_body_that_stands_still(attacked: System) -> None:
    """It is given up long before the longest that a body may take, and is told which it was."""
    _, client = attacked.start_gateway(BODY_STALL="1", BODY_TIMEOUT="600")
    with RoughClient(client.address, HalfSent("POST", "/predict").sent()) as still:
        said = error_of(still.answer(30), 408)
    assert said == "nothing of the body came for 1 s"
