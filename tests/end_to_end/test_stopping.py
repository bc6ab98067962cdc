"""Processes that are asked to stop more than once, by whoever is impatient, or while they start."""

from __future__ import annotations

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from local.part import Part
from shared.queue.messages import Lane
from tests.system import System, wait_for


def ended(part: Part) -> bool:
    return part.exit_code is not None


def groups(system: System) -> int:
    """How many groups wait that a client waits for."""
    client = redis.Redis.from_url(system.redis_url)
    length: Any = client.llen(system.queue(Lane.INTERACTIVE))
    client.close()
    return int(length)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_impatience(on_postgres: System, number: signal.Signals) -> None:
    """Five signals while a client waits: it gets its answer, and the gateway ends cleanly."""
    try:
        part, client = on_postgres.start_gateway()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.predict, "waits")  # without a worker, until SYNC_WAIT ends
            wait_for(lambda: groups(on_postgres) == 1, 5, "the request waits for a worker")
            for _ in range(5):
                os.killpg(part.process.pid, number)
                time.sleep(0.05)
            answer = waiting.result(20)
        assert answer.status == 202
        assert answer.headers["connection"] == "close"
        wait_for(lambda: ended(part), 20, "the gateway ended")
        assert part.exit_code == 0
    finally:
        on_postgres.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_impatience_to_the_end(on_postgres: System, number: signal.Signals) -> None:
    """A gateway that gets signals until it has ended, ends cleanly."""
    try:
        part, client = on_postgres.start_gateway()
        assert client.get("/healthz").status == 200
        deadline = time.monotonic() + 20
        while not ended(part):
            assert time.monotonic() < deadline, "the gateway ended"
            part.process.send_signal(number)
            time.sleep(0.0002)
        assert part.exit_code == 0
    finally:
        on_postgres.stop()


def test_nobody_waits_for_a_stopping_gateway(on_postgres: System) -> None:
    """Requests that nothing will come for become jobs, long before their time is up."""
    on_postgres.settings["SYNC_WAIT"] = "20"
    try:
        part, client = on_postgres.start_gateway()
        promised = client.predict("promised", prefer="respond-async").json["job_id"]
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(client.predict, "plain")]
            wait_for(lambda: groups(on_postgres) == 1, 5, "one waits for a worker")
            waiting.append(pool.submit(client.predict, "on a thread", None, "wait=20"))
            wait_for(lambda: groups(on_postgres) == 2, 5, "two wait for a worker")
            waiting.append(pool.submit(client.update, "promised", 1))
            waiting.append(pool.submit(client.get, f"/jobs/{promised}?wait=20"))
            wait_for(lambda: groups(on_postgres) == 3, 5, "three wait for a worker")
            part.process.send_signal(signal.SIGTERM)
            wait_for(lambda: ended(part), 15, "the gateway ended")
            answers = [one.result(1) for one in waiting]
        assert [a.status for a in answers] == [202, 202, 202, 200]
        assert part.exit_code == 0
        jobs = [promised, *(a.json["job_id"] for a in answers)]
        on_postgres.gateways.clear()
        on_postgres.start()
        for job in jobs:
            assert on_postgres.client.ended(job)["status"] == "succeeded"
    finally:
        on_postgres.stop()


def test_impatience_with_a_worker(on_postgres: System) -> None:
    """Signals until it has ended, in the middle of each other's handling, stop a worker once, and
    cleanly."""
    try:
        on_postgres.start()
        assert on_postgres.client.predict("before").status == 200
        worker = on_postgres.workers[0]
        pauses = random.Random(7)
        deadline = time.monotonic() + 20
        while not ended(worker):
            assert time.monotonic() < deadline, "the worker ended"
            worker.process.send_signal(signal.SIGTERM)
            time.sleep(pauses.random() * 0.0004)  # long enough for some way into the handler
        assert worker.exit_code == 0
    finally:
        on_postgres.stop()


def test_stopped_while_it_starts(on_postgres: System) -> None:
    """Whenever a gateway is asked to stop while it starts, it stops."""
    try:
        parts = []
        for turn in range(8):
            part, _ = on_postgres.start_gateway(wait=False)
            parts.append(part)
            time.sleep(0.2 * turn)  # the moment is what is tried
            part.process.send_signal(signal.SIGTERM)
        for part in parts:
            wait_for(lambda part=part: ended(part), 10, "the gateway ended")  # type: ignore[misc]
            assert part.exit_code in (0, -signal.SIGTERM)
    finally:
        on_postgres.stop()
