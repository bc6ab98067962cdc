"""A pipeline that keeps what it was given does not take all memory, and nobody waits for that."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import psutil
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.faults.evidence import query
from tests.model_folder import write_model
from tests.system import System, scoring, wait_for

LEAKING = """
KEPT = []


class Leaking(Step):
    def transform(self, observations):
        if (observations["x"] > 0).any():
            KEPT.append(b"x" * (1 << 20))
        return observations
"""
# As it starts a thread, each child loads it for itself.
THREADED = """
import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
SLOW_TO_LOAD = f"{THREADED}\nimport time\n\ntime.sleep(1.5)\n"
# Larger than what it may grow by.
LARGE = f'{THREADED}\nMODEL = b"x" * (200 << 20)\n'
MIB = 1024 * 1024
# What a child may grow by, and what its libraries may take beside that.
BOUND, SLACK = 48, 48


@dataclass
class Watched:
    """A system, and what was seen of its worker's children meanwhile."""

    system: System
    # The most that each child was seen to have for itself, in bytes.
    held: dict[int, int] = field(default_factory=dict)
    not_ready: int = 0
    stop: Event = field(default_factory=Event)

    def watch(self) -> None:
        while not self.stop.wait(0.02):
            self.look()
            self.not_ready += not self.system.client.ready()

    def look(self) -> None:
        try:
            children = scoring(self.system.workers[-1])
        except (psutil.Error, IndexError):  # the worker has ended
            children = []
        for child in children:
            try:
                seen = child.memory_info()
            except psutil.Error:  # it has ended
                continue
            self.held[child.pid] = max(seen.rss - seen.shared, self.held.get(child.pid, 0))

    def ask(self, name: str, count: int, at_once: int, x: float = 1.0) -> list[int]:
        """The status of each of so many predictions, which leak when `x` is above zero."""

        def predict(number: int) -> int:
            return self.system.client.predict(f"{name} {number}", {"x": x, "y": 2.0}).status

        with ThreadPoolExecutor(at_once) as threads:
            return list(threads.map(predict, range(count)))


class Serve(Protocol):
    """Serves a model of this source, with this WORKER_MEMORY and other settings."""

    def __call__(self, source: str, bound: str, **settings: str) -> Watched: ...


@pytest.fixture
def serve(
    tmp_path: Path, new_redis_url: Callable[[], str], new_database_url: Callable[[str], str]
) -> Iterator[Serve]:
    """Stops what it served when the test ends."""
    made: list[tuple[Watched, Thread]] = []

    def make(source: str, bound: str, **settings: str) -> Watched:
        folder, name = tmp_path / "model", f"leaking_{tmp_path.name}"
        write_model(
            folder, name, source, lambda p: make_pipeline(p.Leaking(), LogisticRegression())
        )
        # What waits for a process that ends slowly, or that loads, becomes a 202.
        settings = {"SYNC_WAIT": "0.9", **settings}
        settings |= {"MODEL_DIR": str(folder), "WORKER_MEMORY": bound}
        system = System(new_database_url("postgres"), new_redis_url(), tmp_path, settings)
        watched = Watched(system)
        made.append((watched, Thread(target=watched.watch)))
        system.start()
        made[0][1].start()
        return watched

    try:
        yield make
    finally:
        for watched, thread in made:
            watched.stop.set()
            if thread.ident is not None:
                thread.join()
            watched.system.stop()


@pytest.mark.parametrize("at_once", [1, 8])
def test_a_leak_is_bounded(at_once: int, serve: Serve) -> None:
    """Each request is answered in time, each process ends before it has grown by twice the bound,
    and the worker is ready all the while."""
    watched = serve(LEAKING, str(BOUND))
    watched.look()
    at_first = max(watched.held.values())
    # Of eight that ask at once, some are scored together, and leak only once.
    assert watched.ask("leak", 300 * at_once, at_once) == [200] * 300 * at_once
    assert len(watched.held) >= 5
    grown = [(most - at_first) // MIB for most in watched.held.values()]
    assert max(grown) <= 2 * BOUND + SLACK, grown
    assert watched.not_ready == 0
    # Once for each that is gone; two are there.
    log = watched.system.log()
    said = [line for line in log.splitlines() if f"(WORKER_MEMORY is {BOUND})" in line]
    assert len(said) >= len(watched.held) - 2
    assert "Traceback" not in log
    assert "a process was lost" not in log
    wait_for(lambda: len(watched.system.client.rows()) == 300 * at_once, 5, "a row each")


def test_jobs_count_no_attempt(serve: Serve) -> None:
    """A job that a process was given and left to another was not tried by it."""
    watched = serve(LEAKING, str(BOUND))
    client = watched.system.client
    body = {"x": 1.0, "y": 2.0}
    promised = [
        client.predict(f"job {number}", body, prefer="respond-async").json["job_id"]
        for number in range(250)
    ]
    assert {client.ended(job_id)["status"] for job_id in promised} == {"succeeded"}
    assert len(watched.held) >= 3
    found = query(watched.system.database_url, "SELECT DISTINCT attempts FROM job")
    assert found == [(1,)]


def test_one_is_replaced_at_a_time(serve: Serve) -> None:
    """While the new process loads its model, the other one answers, though it has grown as much."""
    watched = serve(SLOW_TO_LOAD + LEAKING, str(BOUND))
    number = 0
    while f"(WORKER_MEMORY is {BOUND})" not in watched.system.log():
        assert watched.ask(f"leak {number}", 1, 1) == [200]
        number += 1
    while len(watched.held) < 3:
        assert watched.ask(f"none {number}", 1, 1, x=-1.0) == [200]
        number += 1
    assert watched.not_ready == 0


@pytest.mark.parametrize(("source", "bound"), [(LEAKING, "1024"), (LARGE + LEAKING, "96")])
def test_what_grows_less_stays(source: str, bound: str, serve: Serve) -> None:
    """It is the growth that is bounded, whatever the model takes."""
    watched = serve(source, bound)
    assert watched.ask("little", 40, 2) == [200] * 40
    assert len(watched.held) == 2
    assert "WORKER_MEMORY" not in watched.system.log()


def test_stopped_while_one_is_replaced(serve: Serve) -> None:
    """The worker stops at once, and the request that no process had begun is answered by the next
    worker, before its client would have to come back for it."""
    watched = serve(SLOW_TO_LOAD + LEAKING, str(BOUND), WORKER_PROCESSES="1", SYNC_WAIT="20")
    first = watched.system.workers[0]
    replaced = f"(WORKER_MEMORY is {BOUND})"
    with ThreadPoolExecutor(1) as thread:
        answers = thread.submit(watched.ask, "stopped", 60, 1)
        wait_for(lambda: replaced in watched.system.log(), 20, "a process is to be replaced")
        first.process.send_signal(signal.SIGTERM)
        wait_for(lambda: first.exit_code is not None, 10, "the worker has stopped")
        assert first.exit_code == 0
        watched.system.start_worker()
        assert answers.result(60) == [200] * 60
    assert "Traceback" not in watched.system.log()
    assert "a process was lost" not in watched.system.log()
