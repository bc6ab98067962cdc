"""Processes that are asked to stop more than once, by whoever is impatient, or while they start."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import random
import signal
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
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


def test_a_child_that_is_still_to_begin(on_postgres: System) -> None:
    """What a worker has given to a child is done before it stops, however late the child begins,
    and the child is not left to wait for somebody who listens."""
    on_postgres.settings["WORKER_PROCESSES"] = "1"
    try:
        worker, child, job = _frozen_with_a_job(on_postgres)
        threads = _threads(worker.process.pid)
        worker.process.send_signal(signal.SIGTERM)
        # One thread watches over the stop; Celery has another while it waits for its children.
        wait_for(lambda: len(_threads(worker.process.pid) - threads) == 2, 10, "it waits")
        os.kill(child, signal.SIGCONT)
        wait_for(lambda: ended(worker), 20, "the worker ended")
        assert worker.exit_code == 0
        assert on_postgres.client.job(job)["status"] == "succeeded"
    finally:
        on_postgres.stop()


def test_a_child_that_never_ends(on_postgres: System) -> None:
    """A worker that a child keeps from stopping stops within 25 s nevertheless, says where it hung,
    and takes the child with it; another worker does the job."""
    on_postgres.settings["WORKER_PROCESSES"] = "1"
    try:
        worker, child, job = _frozen_with_a_job(on_postgres)
        worker.process.send_signal(signal.SIGTERM)
        wait_for(lambda: ended(worker), 25, "the worker ended")
        assert worker.exit_code == 1
        assert "Timeout (0:00:22)!" in on_postgres.log()
        wait_for(lambda: not psutil.pid_exists(child), 5, "its child is gone")
        on_postgres.start_worker()
        assert on_postgres.client.ended(job, 60)["status"] == "succeeded"
    finally:
        on_postgres.stop()


def _frozen_with_a_job(system: System) -> tuple[Part, int, str]:
    """A worker, its only child, which is frozen, and the job that it was given since."""
    system.start()
    assert system.client.predict("before").status == 200
    wait_for(lambda: _asks_for_more(system), 10, "the worker knows that its child is idle")
    worker = system.workers[0]
    (child,) = psutil.Process(worker.process.pid).children()
    child.suspend()
    job: str = system.client.predict("given", prefer="respond-async").json["job_id"]
    wait_for(lambda: _unread(child.pid), 10, "the child was given the job")
    return worker, child.pid, job


def _asks_for_more(system: System) -> bool:
    """Whether somebody waits for a message; a worker with nobody idle does not."""
    client = redis.Redis.from_url(system.redis_url)
    database = str(client.connection_pool.connection_kwargs["db"])
    connections: Any = client.client_list()
    client.close()
    return any(
        c["db"] == database and c["cmd"] == "brpop" and "b" in c["flags"] for c in connections
    )


def _unread(pid: int) -> int:
    """How many bytes wait in the pipes of a process."""
    unread = 0
    for name in Path(f"/proc/{pid}/fd").iterdir():
        if str(name.readlink()).startswith("pipe:"):
            with contextlib.suppress(OSError), name.open("rb", buffering=0) as pipe:
                size = array.array("i", [0])
                fcntl.ioctl(pipe, termios.FIONREAD, size)
                unread += size[0]
    return unread


def _threads(pid: int) -> set[int]:
    return {thread.id for thread in psutil.Process(pid).threads()}


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
