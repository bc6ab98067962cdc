"""Large bodies, many at once: what they may hold together is bounded, and so is the gateway."""

from __future__ import annotations

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.part import Part
from tests.faults import processes
from tests.flood import Flood
from tests.gateway_memory import check_memory, memory, watched
from tests.health_prober import health_is_answered
from tests.honest_client import HonestClient
from tests.rough_client import JSON, head
from tests.system import FIRST_PASSENGER, Client, System, wait_for

MEBIBYTE = 1024 * 1024
BUDGET = 8 * MEBIBYTE
# Seconds that a client that asks for /healthz may wait beside all of this: the machine itself has
# to carry 300 MB from one process to the other at the same time.
HEALTH_WAIT = 3.0
WAITING = 200

_names = itertools.count(1)


@pytest.fixture(scope="module")
def bounded(attacked: System) -> tuple[Part, Client]:
    """A gateway whose budget a few large bodies use up, and that closes nothing within a test."""
    return attacked.start_gateway(
        MAX_BODIES=str(BUDGET), BODY_STALL="60", BODY_TIMEOUT="120", GROUP_BYTES=str(MEBIBYTE * 2)
    )


def large(length: int = MEBIBYTE) -> bytes:
    """A prediction's body of so many bytes, which is answered like a small one."""
    body = json.dumps({"id": f"large {next(_names)}", "observation": FIRST_PASSENGER}).encode()
    return body.ljust(length)


@pytest.mark.parametrize("count", [64, 300])
def test_many_large_bodies(attacked: System, count: int) -> None:
    """Each is answered, or refused with when to come back; the gateway stays within its budget of
    32 MiB, and says at every moment that it is up."""
    part, client = attacked.gateways[0]
    bodies = [large() for _ in range(count)]
    gate = threading.Barrier(count)

    def send(body: bytes) -> tuple[int, str]:
        gate.wait()
        answer = client.post("/predict", body)
        return answer.status, answer.headers.get("retry-after", "")

    with (
        health_is_answered(client.address[1], HEALTH_WAIT),
        watched(part) as held,
        ThreadPoolExecutor(count) as pool,
    ):
        said = list(pool.map(send, bodies))
    assert {status for status, _ in said} <= {200, 202, 503}
    assert all(int(after) >= 1 for status, after in said if status == 503)
    assert sum(status == 200 for status, _ in said) >= 16
    assert max(held) < 200 * MEBIBYTE, f"{max(held) >> 20} MiB"
    HonestClient(client).is_served()
    check_memory(part)


def test_the_budget_of_bodies(bounded: tuple[Part, Client]) -> None:
    """Past MAX_BODIES a large body is refused with when to come back; small ones still find room,
    and what began to come before is answered when it is whole."""
    part, client = bounded
    bodies = [large() for _ in range(12)]
    sent = head("POST", "/predict", [JSON], MEBIBYTE)
    with watched(part) as held, Flood(client.address, len(bodies), sent) as flood:
        for rough, body in zip(flood.clients, bodies, strict=True):
            rough.send(body[:-1])
        HonestClient(client).is_served()
        for rough, body in zip(flood.clients, bodies, strict=True):
            rough.send(body[-1:])
        answers = [rough.answer() for rough in flood.clients]
    refused = [answer for answer in answers if answer.status == 503]
    # Large bodies may use three quarters of the budget, which is six of these.
    assert 1 <= sum(answer.status == 200 for answer in answers) <= 6
    assert len(refused) >= 6
    assert {answer.status for answer in answers} == {200, 503}
    assert all(list(answer.json) == ["error"] for answer in refused)
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert max(held) < 140 * MEBIBYTE, f"{max(held) >> 20} MiB"
    wait_for(lambda: client.post("/predict", large()).status == 200, 5, "there is room again")
    HonestClient(client).is_served()
    check_memory(part)


@pytest.mark.parametrize("in_chunks", [False, True])
def test_what_left_gives_its_room_back(bounded: tuple[Part, Client], in_chunks: bool) -> None:
    """Clients that leave in the middle of their bodies, again and again, use nothing up."""
    part, client = bounded
    length = None if in_chunks else MEBIBYTE
    sent = head("POST", "/update", [JSON], length, in_chunks)
    sent += b"%x\r\n" % MEBIBYTE if in_chunks else b""
    for _ in range(5):
        with Flood(client.address, 8, sent) as flood:
            for rough in flood.clients:
                rough.offer(b" " * (MEBIBYTE - 1))
    wait_for(lambda: client.post("/predict", large()).status == 200, 10, "there is room")
    HonestClient(client).is_served()
    check_memory(part)


@pytest.mark.parametrize("request_line", [("GET", "/healthz"), ("DELETE", "/jobs/none")], ids=str)
def test_bodies_that_nobody_asked_for(
    bounded: tuple[Part, Client], request_line: tuple[str, str]
) -> None:
    """300 bodies of 1 MiB for a route that takes none: answered without them, and none is kept."""
    part, client = bounded
    HonestClient(client).is_served()
    before = memory(part)
    sent = head(*request_line, [JSON], MEBIBYTE)
    # Of requests that need a thread, only so many are served at once.
    statuses = {client.get("/healthz").status} if request_line[0] == "GET" else {404, 503}
    with watched(part) as held, Flood(client.address, 300, sent) as flood:
        for rough in flood.clients:
            rough.offer(b"x" * (MEBIBYTE - 1))
        for rough in flood.clients:
            assert rough.answer(method=request_line[0]).status in statuses
        HonestClient(client).is_served()
    assert max(held) - before < 30 * MEBIBYTE, f"grown by {max(held) - before >> 20} MiB"
    check_memory(part)


def test_bodies_of_those_who_wait(attacked: System, bounded: tuple[Part, Client]) -> None:
    """A body that nobody asked for is not kept while its request waits for something else."""
    part, client = bounded
    with processes.frozen(processes.tree(attacked.workers[0])):
        job_id = client.predict("waited for", prefer="respond-async").json["job_id"]
        sent = head("GET", f"/jobs/{job_id}?wait=20", [JSON], MEBIBYTE)
        before = memory(part)
        with watched(part) as held, Flood(client.address, WAITING, sent) as flood:
            for rough in flood.clients:
                rough.offer(b"x" * (MEBIBYTE - 1))
            HonestClient(client).health()
    assert max(held) - before < 8 * MEBIBYTE, f"grown by {max(held) - before >> 20} MiB"
    assert client.ended(job_id)["status"] == "succeeded"
