"""Redis falls silent while a request waits for its group, or as one comes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from shared.queue.messages import Lane
from tests.faults import processes
from tests.faults.evidence import query
from tests.system import INHERITED, System, wait_for


def test_who_waits_is_promised_an_answer(
    new_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    """A waiting request becomes a job as soon as Redis is silent, long before its deadline; new
    ones are refused; and when Redis is back the job ends."""
    server = RedisServer(tmp_path / "redis", INHERITED)
    system = System(new_database_url("postgres"), server.url, tmp_path, {"SYNC_WAIT": "25"})
    try:
        system.start_gateway()
        client = redis.Redis.from_url(server.url)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(system.client.predict, "waiting")
            wait_for(
                lambda: client.llen(system.queue(Lane.INTERACTIVE)),
                what="the request is on its lane",
            )
            server.part.process.send_signal(signal.SIGSTOP)
            try:
                promised = waiting.result(timeout=15)
                refused = system.client.predict("refused")
            finally:
                server.part.process.send_signal(signal.SIGCONT)
        assert promised.status == 202
        assert refused.status == 503
        assert refused.json == {"error": "Redis does not answer"}
        assert "retry-after" in refused.headers
        client.close()
        system.start_worker()
        job = system.client.ended(promised.json["job_id"], 60)
        assert job["status"] == "succeeded"
        assert [row["observation_id"] for row in system.client.rows()] == ["waiting"]
    finally:
        system.stop()
        server.part.kill()


@pytest.fixture
def silent(new_database_url: Callable[[str], str], tmp_path: Path) -> Iterator[System]:
    """A gateway whose Redis has just fallen silent."""
    server = RedisServer(tmp_path / "redis", INHERITED)
    system = System(new_database_url("postgres"), server.url, tmp_path, {"SYNC_WAIT": "25"})
    try:
        system.start_gateway()
        server.part.process.send_signal(signal.SIGSTOP)
        try:
            yield system
        finally:
            server.part.process.send_signal(signal.SIGCONT)
    finally:
        system.stop()
        server.part.kill()


def _seconds_to_a_promise(system: System, name: str, prefer: str | None) -> float:
    began = time.monotonic()
    assert system.client.predict(name, prefer=prefer).status == 202
    return time.monotonic() - began


def test_redis_is_waited_for_once(silent: System) -> None:
    """Who comes as Redis falls silent is promised an answer after one wait of a second for it, not
    after a second one for the job's message."""
    assert _seconds_to_a_promise(silent, "first of all", None) < 1.8


def test_jobs_wait_for_redis_once(silent: System) -> None:
    """A job that comes while the message of another is waited for does not wait for its own."""
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_seconds_to_a_promise, silent, "first of all", "respond-async")
        jobs = "SELECT count(*) FROM job"
        wait_for(lambda: query(silent.database_url, jobs)[0][0], what="the first is committed")
        assert _seconds_to_a_promise(silent, "second", "respond-async") < 1.8
        assert first.result() < 1.8


def test_the_database_is_waited_for_once(new_redis_url: Callable[[], str], tmp_path: Path) -> None:
    """An update that comes as PostgreSQL falls silent cannot be given its number: it is refused
    then, and not after a promise was tried as well. Nothing is stored."""
    server = PostgresServer(INHERITED)
    try:
        system = System(server.create_database("silent"), new_redis_url(), tmp_path)
        try:
            system.start()
            assert system.client.predict("labelled").status == 200
            with processes.frozen(processes.tree(server.part)):
                began = time.monotonic()
                refused = system.client.update("labelled", 1)
                took = time.monotonic() - began
            assert refused.status == 503
            assert refused.json == {"error": "the database does not answer"}
            assert took < 1.8
            wait_for(system.client.ready, 30, "the database is back")
            assert [row["true_class"] for row in system.client.rows()] == [None]
            assert system.client.update("labelled", 1).json["true_class"] == 1
        finally:
            system.stop()
    finally:
        server.remove()
