"""A worker that stops, or loses Redis, while its children have tasks that they have not begun."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import signal
import termios
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import redis

from local.part import Part
from tests.faults.processes import wait_until_idle
from tests.system import Answer, System, scoring, serving, wait_for


def test_a_child_that_is_still_to_begin(on_postgres: System) -> None:
    """What a worker has given to a child is done before it stops, however late the child begins,
    and the child is not left to wait for somebody who listens."""
    try:
        worker, child, job = _frozen_with_a_job(on_postgres)
        parent = serving(worker).pid
        threads = _threads(parent)
        worker.process.send_signal(signal.SIGTERM)
        # One thread watches over the stop; Celery has another while it waits for its children.
        wait_for(lambda: len(_threads(parent) - threads) == 2, 10, "it waits")
        os.kill(child, signal.SIGCONT)
        wait_for(lambda: worker.exit_code is not None, 20, "the worker ended")
        assert worker.exit_code == 0
        assert on_postgres.client.job(job)["status"] == "succeeded"
    finally:
        on_postgres.stop()


def test_a_child_that_never_ends(on_postgres: System) -> None:
    """A worker that a child keeps from stopping stops within 25 s nevertheless, says where it hung,
    and takes the child with it; another worker does the job."""
    try:
        worker, child, job = _frozen_with_a_job(on_postgres)
        worker.process.send_signal(signal.SIGTERM)
        wait_for(lambda: worker.exit_code is not None, 25, "the worker ended")
        assert worker.exit_code == 1
        assert "Timeout (0:00:22)!" in on_postgres.log()
        wait_for(lambda: not psutil.pid_exists(child), 5, "its child is gone")
        on_postgres.start_worker()
        assert on_postgres.client.ended(job, 60)["status"] == "succeeded"
    finally:
        on_postgres.stop()


def test_a_child_that_never_begins(on_postgres: System) -> None:
    """A task that was given to a child, which ended before it took it, is done by the next worker
    when this one stops: no client has to come back for that, and no try is counted."""
    on_postgres.settings["SYNC_WAIT"] = "20"  # the next worker takes a while to start
    try:
        worker, children = _frozen(on_postgres, "1")
        with ThreadPoolExecutor(1) as pool:
            answer, child = _given(pool, on_postgres, children)
            parent = serving(worker).pid
            threads = _threads(parent)
            worker.process.send_signal(signal.SIGTERM)
            wait_for(lambda: len(_threads(parent) - threads) == 2, 10, "it waits")
            child.kill()
            wait_for(lambda: worker.exit_code is not None, 10, "the worker ended")
            assert worker.exit_code == 0
            on_postgres.start_worker()
            assert answer.result(40).status == 200
        assert "a process was lost" not in on_postgres.log()
    finally:
        on_postgres.stop()


def test_a_child_that_never_begins_and_a_lost_redis(on_postgres: System) -> None:
    """The same while the worker loses its connections to Redis: its other child does the task."""
    lost = "Connection to broker lost"
    try:
        worker, children = _frozen(on_postgres, "2")
        with ThreadPoolExecutor(1) as pool:
            answer, child = _given(pool, on_postgres, children)
            wait_for(lambda: _asks_for_more(on_postgres), 10, "the worker asks for more")
            # The gateway's stay: it would publish again.
            client = redis.Redis.from_url(on_postgres.redis_url)
            for connection in _waiting(client):
                client.client_kill_filter(_id=connection["id"])
            client.close()
            wait_for(lambda: lost in on_postgres.log(), 10, "the worker has noticed")
            child.kill()
            for other in children:
                if other != child:
                    other.resume()
            assert answer.result(40).status == 200
        assert worker.exit_code is None
        assert "a process was lost" not in on_postgres.log()
    finally:
        on_postgres.stop()


def _frozen_with_a_job(system: System) -> tuple[Part, int, str]:
    """A worker, its only child, which is frozen, and the job that it was given since."""
    worker, (child,) = _frozen(system, "1")
    job: str = system.client.predict("given", prefer="respond-async").json["job_id"]
    wait_for(lambda: _unread(child.pid), 10, "the child was given the job")
    return worker, child.pid, job


def _frozen(system: System, processes: str) -> tuple[Part, list[psutil.Process]]:
    """A worker, and its children, which are frozen."""
    system.settings["WORKER_PROCESSES"] = processes
    system.start()
    assert system.client.predict("before").status == 200
    worker = system.workers[0]
    children = scoring(worker)
    assert len(children) == int(processes)
    # A child waits for its first task only after it has told its worker that it is up. One that
    # is frozen before that is never given anything.
    wait_until_idle(children)
    wait_for(lambda: _asks_for_more(system), 10, "the worker knows that a child is idle")
    for child in children:
        child.suspend()
    return worker, children


def _given(
    pool: ThreadPoolExecutor, system: System, children: list[psutil.Process]
) -> tuple[Future[Answer], psutil.Process]:
    """The answer to a prediction, and the one of these frozen children that was given it."""
    answer = pool.submit(system.client.predict, "given")

    def given() -> psutil.Process | None:
        return next((child for child in children if _unread(child.pid)), None)

    return answer, wait_for(given, 10, "a child was given it")


def _asks_for_more(system: System) -> bool:
    """Whether somebody waits for a message; a worker with nobody idle does not."""
    client = redis.Redis.from_url(system.redis_url)
    waiting = _waiting(client)
    client.close()
    return bool(waiting)


def _waiting(client: redis.Redis) -> list[dict[str, str]]:
    """The connections that wait for a message."""
    database = str(client.connection_pool.connection_kwargs["db"])
    connections: Any = client.client_list()
    return [
        c for c in connections if c["db"] == database and c["cmd"] == "brpop" and "b" in c["flags"]
    ]


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
