"""How many a gateway holds at once does not depend on how a request is written."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults import processes
from tests.gateway_memory import check_memory
from tests.honest_client import HonestClient
from tests.system import FIRST_PASSENGER, Answer, System, call, wait_for

AT_ONCE = 256
CHARSET = "application/json;charset=UTF-8"
SPELLINGS: dict[str, dict[str, str]] = {
    "plain": {"Content-Type": "application/json"},
    "a charset": {"Content-Type": CHARSET},
    "capitals": {"Content-Type": "Application/JSON"},
    "a wait": {"Content-Type": "application/json", "Prefer": "wait=10"},
    "a wait and a charset": {"Content-Type": CHARSET, "Prefer": "wait=10"},
    "another preference": {"Content-Type": "application/json", "Prefer": "handling=lenient"},
    "async with a wait": {"Content-Type": "application/json", "Prefer": "respond-async, wait=10"},
}


def all_at_once(
    system: System, path: str, bodies: list[dict[str, object]], headers: dict[str, str]
) -> list[Answer]:
    """The answers to requests that are all sent at the same moment."""
    gate = threading.Barrier(len(bodies))
    address = system.client.address

    def send(body: dict[str, object]) -> Answer:
        text = json.dumps(body)
        gate.wait()
        return call(address, "POST", path, text, headers)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


@pytest.mark.parametrize("name", SPELLINGS)
def test_predictions_at_once(attacked: System, name: str) -> None:
    """256 of them: 256 answers."""
    bodies: list[dict[str, object]] = [
        {"id": f"{name} {i}", "observation": FIRST_PASSENGER} for i in range(AT_ONCE)
    ]
    answers = all_at_once(attacked, "/predict", bodies, SPELLINGS[name])
    assert [a.status for a in answers].count(200) == AT_ONCE, {a.status for a in answers}


@pytest.mark.parametrize("name", SPELLINGS)
def test_updates_at_once(attacked: System, name: str) -> None:
    """The same, of labels."""
    labelled = "labelled at once"
    attacked.client.predict(labelled)
    bodies: list[dict[str, object]] = [
        {"id": labelled, "true_class": i % 2} for i in range(AT_ONCE)
    ]
    answers = all_at_once(attacked, "/update", bodies, SPELLINGS[name])
    assert [a.status for a in answers].count(200) == AT_ONCE, {a.status for a in answers}


def test_long_polls_at_once(attacked: System) -> None:
    """200 that wait for one job keep nobody out, and all hear of its end; those for whom there is
    no place are answered at once."""
    part, client = attacked.start_gateway(LONG_POLLS="200")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        with processes.frozen(processes.tree(attacked.workers[0])):
            job = client.predict("polled", prefer="respond-async").json["job_id"]
            polls = [pool.submit(client.get, f"/jobs/{job}?wait=20") for _ in range(AT_ONCE)]
            early = AT_ONCE - 200
            wait_for(lambda: sum(p.done() for p in polls) == early, 15, "some are not held")
            assert {p.result().json["status"] for p in polls if p.done()} == {"queued"}
            assert client.alive()
            assert client.get("/list-db-contents?limit=1").status == 200
            assert sum(p.done() for p in polls) == early
        ended = [p.result().json["status"] for p in polls]
    assert ended.count("succeeded") == 200
    HonestClient(client).is_served()
    check_memory(part)


def test_one_after_the_other(attacked: System) -> None:
    """A reply makes room for the next group: a gateway that did not see that would let each third
    request wait for a second, until it takes the group before for lost."""
    deadline = time.monotonic() + 20
    for number in range(60):
        assert attacked.client.predict(f"one after the other {number}").status == 200
        assert time.monotonic() < deadline, f"{number + 1} of 60 were answered"
