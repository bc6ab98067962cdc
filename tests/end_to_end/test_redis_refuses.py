"""A Redis that answers, and refuses: all parts say why, wait, and come back by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from local.redis_server import RedisServer
from tests.forwarder import Forwarder
from tests.honest_client import HonestClient
from tests.system import INHERITED, System, wait_for

NO_PORT = 1


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis to be turned against its clients."""
    server = RedisServer(tmp_path / "redis", INHERITED)
    yield server
    server.part.kill()


@pytest.fixture
def new_system(new_database_url: Callable[[str], str], tmp_path: Path) -> Iterator[Any]:
    """Makes a system on the Redis at a URL, and waits until it is ready."""
    made: list[System] = []

    def make(redis_url: str) -> System:
        made.append(System(new_database_url("sqlite"), redis_url, tmp_path))
        return made[0].start()

    yield make
    for system in made:
        system.stop()


@dataclass(frozen=True)
class Refusal:
    """A state in which Redis refuses writes: how it comes to it, how it gets well, what is said of
    it, and whether it gives no messages either."""

    said: str
    begin: Callable[[redis.Redis, Path], object]
    end: Callable[[redis.Redis, Path], object]
    gives_nothing: bool


def _cannot_save(client: redis.Redis, folder: Path) -> None:
    # A file cannot take the place of a folder that has something in it.
    (folder / "dump.rdb" / "in the way").mkdir(parents=True)
    client.config_set("save", "3600 1000000")
    client.bgsave()
    wait_for(lambda: _info(client)["rdb_last_bgsave_status"] == "err", what="it cannot save")


def _can_save(client: redis.Redis, folder: Path) -> None:
    (folder / "dump.rdb" / "in the way").rmdir()
    (folder / "dump.rdb").rmdir()
    client.bgsave()
    wait_for(lambda: _info(client)["rdb_last_bgsave_status"] == "ok", what="it can save")


def _info(client: redis.Redis) -> dict[str, Any]:
    found: Any = client.info("persistence")
    return dict(found)


REFUSALS = {
    "replica": Refusal(
        "Redis is read-only (a replica)",
        lambda client, _: client.replicaof("127.0.0.1", NO_PORT),
        lambda client, _: client.replicaof("NO", "ONE"),
        gives_nothing=True,
    ),
    "full": Refusal(
        "Redis is full",
        lambda client, _: client.config_set("maxmemory", 1),
        lambda client, _: client.config_set("maxmemory", 0),
        gives_nothing=False,
    ),
    "cannot save": Refusal(
        "Redis cannot save to its disk", _cannot_save, _can_save, gives_nothing=True
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_redis_refuses_writes(
    refusal: Refusal, own_redis: RedisServer, new_system: Callable[[str], System]
) -> None:
    """It is said in `/readyz` and to clients; the same processes serve again when it is well."""
    system = new_system(own_redis.url)
    client = system.client
    administrator = redis.Redis.from_url(own_redis.url)
    refusal.begin(administrator, own_redis.folder)
    try:
        said = wait_for(lambda: client.get("/readyz").json["redis"] == refusal.said, 10, "said")
        assert client.get("/readyz").status == 503
        refused = client.predict("refused")
        assert (refused.status, refused.json) == (503, {"error": refusal.said})
        assert int(refused.headers["retry-after"]) > 0
        if refusal.gives_nothing:
            wait_for(lambda: "Trying again in" in system.log(), 15, "the worker waits")
    finally:
        refusal.end(administrator, own_redis.folder)
        administrator.close()
    system.wait_ready()
    assert said
    HonestClient(client, seconds=40).is_served()
    check_alive(system)


def test_a_promise_is_kept_though_redis_was_a_replica_at_the_time(
    own_redis: RedisServer, new_system: Callable[[str], System]
) -> None:
    """Accepted just before, and taken by nobody: done when Redis is well."""
    system = new_system(own_redis.url)
    administrator = redis.Redis.from_url(own_redis.url)
    administrator.replicaof("127.0.0.1", NO_PORT)
    # Within the half second in which the gateway has not noticed, or refused.
    answer = system.client.predict("promised", prefer="respond-async")
    wait_for(lambda: not system.client.ready(), 10, "it is noticed")
    administrator.replicaof("NO", "ONE")
    administrator.close()
    system.wait_ready()
    if answer.status == 202:
        assert system.client.ended(answer.json["job_id"], 60)["status"] == "succeeded"
    else:
        assert answer.status == 503
    check_alive(system)


def test_redis_fails_over(
    own_redis: RedisServer, new_system: Callable[[str], System], tmp_path: Path
) -> None:
    """The old Redis becomes a replica and keeps its connections; its name leads to a new one."""
    new = RedisServer(tmp_path / "new", INHERITED)
    try:
        with Forwarder(own_redis.port) as name:
            system = new_system(own_redis.url.replace(f":{own_redis.port}/", f":{name.port}/"))
            HonestClient(system.client).is_served()
            password = own_redis.url.split("@")[0].rpartition(":")[2]
            for_new, for_old = (redis.Redis.from_url(s.url) for s in (new, own_redis))
            for_new.config_set("requirepass", password)
            name.target = new.port
            for_old.replicaof("127.0.0.1", NO_PORT)
            wait_for(lambda: not system.client.ready(), 10, "it is noticed")
            system.wait_ready()
            HonestClient(system.client, seconds=40).is_served()
            check_alive(system)
            for_new.close()
            for_old.close()
            system.stop()
    finally:
        new.part.kill()


def test_another_redis_takes_the_place_of_the_first(
    own_redis: RedisServer, new_system: Callable[[str], System], tmp_path: Path
) -> None:
    """On the same port, and with nothing in it."""
    system = new_system(own_redis.url)
    own_redis.part.kill()
    wait_for(lambda: not system.client.ready(), 10, "it is noticed")
    assert system.client.get("/readyz").json["redis"] == "Redis does not answer"
    own_redis.folder = tmp_path / "another"
    own_redis.start_again()
    system.wait_ready()
    HonestClient(system.client, seconds=40).is_served()
    check_alive(system)


def check_alive(system: System) -> None:
    """Nobody ended for what Redis did."""
    parts = [*(part for part, _ in system.gateways), *system.workers]
    assert [part.exit_code for part in parts] == [None] * len(parts), system.log()[-4000:]
