"""What a gateway says of itself while Redis is frozen, or full of what is not ours."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from api.grouping.loop_broker import STOOD_STILL
from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from tests.faults import processes
from tests.flood import Flood
from tests.gateway_memory import check_memory
from tests.honest_client import HonestClient
from tests.rough_client import head
from tests.system import INHERITED, System, call, wait_for

FOREIGN = 200_000
# Redis serves nobody else while a script runs, and would rightly be called away: so many at a time.
_AT_A_TIME = 2_000
_FILL = "for n = ARGV[1], ARGV[2] do redis.call('SET', 'foreign:' .. n, n) end"
# Seconds in which a gateway answers from what it already knows, on a busy machine.
AT_ONCE = 1.0


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis to be frozen and filled."""
    server = RedisServer(tmp_path / "redis", INHERITED)
    yield server
    server.part.kill()


@pytest.fixture
def system(
    own_redis: RedisServer, new_database_url: Callable[[str], str], tmp_path: Path
) -> Iterator[System]:
    running = System(new_database_url("postgres"), own_redis.url, tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()


def test_redis_is_frozen(system: System, own_redis: RedisServer) -> None:
    """However many ask whether the gateway is ready, it says at once that it is up, and soon that
    Redis is away; and that it is ready, when Redis is back."""
    part, client = system.gateways[0]
    asked = head("GET", "/readyz")
    with processes.frozen(processes.tree(own_redis.part)):
        for _ in range(3):
            with Flood(client.address, 32, asked) as flood:
                for _ in range(3):
                    assert HonestClient(client, AT_ONCE).health() == 200
                answers = [asker.answer(2.0) for asker in flood.clients]
        wait_for(lambda: client.get("/readyz").status == 503, 5, "it is said")
        with Flood(client.address, 32, asked) as flood:
            answers = [asker.answer(AT_ONCE) for asker in flood.clients]
        for answer in answers:
            assert answer.status == 503
            assert answer.json["redis"] != "ready"
            assert answer.json["database"] == "ready"
            assert "redis" in answer.json["error"]
    wait_for(client.ready, 15, "the gateway is ready again")
    HonestClient(client).is_served()
    check_memory(part)


def test_the_gateway_itself_is_frozen(system: System, own_redis: RedisServer) -> None:
    """What it did not hear of Redis meanwhile is not laid to Redis, which answered."""
    part, client = system.gateways[0]

    def said() -> bool:
        with processes.frozen(processes.tree(part)):
            with processes.frozen(processes.tree(own_redis.part)):
                # It has asked, as it does twice a second, when it is frozen.
                processes.send(processes.tree(part), signal.SIGCONT)
                asked = time.monotonic() + 0.7
                wait_for(lambda: time.monotonic() > asked, 5)
                processes.send(processes.tree(part), signal.SIGSTOP)
            thawed = time.monotonic() + 4
            wait_for(lambda: time.monotonic() > thawed, 10)
        wait_for(client.ready, 15, "the gateway is ready again")
        return STOOD_STILL in system.log()

    wait_for(said, 40, "it says that it stood still")


def test_the_database_is_stopped(new_redis_url: Callable[[], str], tmp_path: Path) -> None:
    """It is named, and nothing else; the same processes are ready when it is back."""
    server = PostgresServer(INHERITED)
    running = System(server.create_database("stopped"), new_redis_url(), tmp_path)
    try:
        client = running.start().client
        server.stop()
        answer = wait_for(
            lambda: a if (a := client.get("/readyz")).status == 503 else None, 10, "said"
        )
        assert answer.json["error"] == "not ready: database"
        assert answer.json["database"] == "the database does not answer"
        assert answer.json["redis"] == answer.json["worker"] == "ready"
        server.start_again()
        wait_for(client.ready, 15, "the gateway is ready again")
    finally:
        running.stop()
        server.remove()


def test_foreign_keys(system: System, own_redis: RedisServer) -> None:
    """Whatever else lies in Redis: no question asks Redis to look through its keys."""
    part, client = system.gateways[0]
    connection = redis.Redis.from_url(own_redis.url)
    try:
        for first in range(1, FOREIGN, _AT_A_TIME):
            connection.eval(_FILL, 0, str(first), str(first + _AT_A_TIME - 1))
        assert connection.dbsize() >= FOREIGN
        connection.config_resetstat()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: _ready(system), range(40)))
        assert answers == [200] * 40
        HonestClient(client).is_served()
        stats: Any = connection.info("commandstats")
    finally:
        connection.close()
    walked = {name for name in stats if re.fullmatch(r"cmdstat_(keys|scan)", name)}
    assert not walked, {name: stats[name] for name in walked}
    check_memory(part)


def _ready(system: System) -> int:
    return call(system.client.address, "GET", "/readyz", timeout=AT_ONCE).status


def test_a_group_is_bounded_by_bytes(system: System, own_redis: RedisServer) -> None:
    """What gathers while groups are out leaves in messages of about GROUP_BYTES at most."""
    limit, length = 1024 * 1024, 200 * 1024
    part, client = system.start_gateway(GROUP_BYTES=str(limit))
    connection = redis.Redis.from_url(own_redis.url)
    connection.config_set("slowlog-log-slower-than", 0)
    connection.config_set("slowlog-max-len", 100_000)
    body = '{"id": "%s", "observation": {"Pclass": 3, "Sex": "male", "SibSp": 0, "Parch": 0}}'
    try:
        with ThreadPoolExecutor(40) as pool:
            with processes.frozen(processes.tree(system.workers[0])):
                sent = [
                    pool.submit(client.post, "/predict", (body % f"group {n}").ljust(length))
                    for n in range(40)
                ]
                wait_for(lambda: _sizes(connection), 10, "the first are sent")
            assert {one.result().status for one in sent} <= {200, 202}
        sizes = _sizes(connection)
    finally:
        connection.close()
    # As text within a text, in base64, with what else belongs to a message.
    assert max(sizes) < (limit + length) * 4 / 3 * 1.1, max(sizes)
    assert max(sizes) > length * 2, "nothing gathered, so nothing was tried"
    check_memory(part)


def _sizes(connection: redis.Redis) -> list[int]:
    """The bytes of what was pushed, as the slow log abbreviates them."""
    entries: Any = connection.slowlog_get(100_000)
    found = []
    for entry in entries:
        if entry["command"].upper().startswith(b"LPUSH"):
            more = re.search(rb"\((\d+) more bytes\)", entry["command"])
            found.append(int(more[1]) if more else 0)
    return [size for size in found if size > 100_000]
