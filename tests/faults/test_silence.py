"""Redis falls silent while a request waits for its group, or as one comes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import redis

from local.redis_server import RedisServer
from shared.queue.messages import Lane
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


def test_redis_is_waited_for_once(new_database_url: Callable[[str], str], tmp_path: Path) -> None:
    """Who comes as Redis falls silent is promised an answer after one wait of a second for it, not
    after a second one for the job's message."""
    server = RedisServer(tmp_path / "redis", INHERITED)
    system = System(new_database_url("postgres"), server.url, tmp_path, {"SYNC_WAIT": "25"})
    try:
        system.start_gateway()
        server.part.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            promised = system.client.predict("first of all")
            took = time.monotonic() - began
        finally:
            server.part.process.send_signal(signal.SIGCONT)
        assert promised.status == 202
        assert took < 1.8
    finally:
        system.stop()
        server.part.kill()
