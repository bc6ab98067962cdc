"""What lies between our parts and the servers: a network that drops packets rather than refusing,
and a name that leads to another server after a failover."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import ExitStack

import redis

from local.redis_server import RedisServer
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.forwarder import Forwarder
from tests.system import INHERITED


def _reach(stage: Stage, setting: str, url: str, port: int) -> Forwarder:
    """All parts are started anew, and reach this server by a name that we hold."""
    name = stage.servers.beside.enter_context(Forwarder(port))
    system = stage.system
    system.settings[setting] = re.sub(rf":{port}/", f":{name.port}/", url)
    stage.kill(stage.worker)
    stage.renew_worker()
    for place in range(len(system.gateways)):
        stage.kill(system.gateways[place][0])
        stage.renew_gateway(place)
    system.wait_ready()
    return name


def silent_redis(stage: Stage) -> None:
    """Nothing gets through to Redis for a while, and nobody is told."""
    server = stage.servers.redis
    _be_silent(stage, _reach(stage, "REDIS_URL", server.url, server.port), queued=True)


def silent_postgres(stage: Stage) -> None:
    """Nothing gets through to PostgreSQL for a while, and nobody is told."""
    port = stage.servers.postgres.port
    _be_silent(stage, _reach(stage, "DATABASE_URL", stage.system.database_url, port), queued=False)


def _be_silent(stage: Stage, name: Forwarder, queued: bool) -> None:
    with stage.load():
        with ExitStack() as held:
            held.enter_context(stage.mid_group("packets are dropped", queued=queued))
            with stage.outage(name.silent()):
                held.close()
                time.sleep(stage.size.outage)
        stage.recovered()


def failed_over(stage: Stage) -> None:
    """Redis becomes a replica and keeps its connections; its name leads to a new and empty one."""
    old = stage.servers.redis
    new = RedisServer(old.folder.parent / f"{stage.name} {time.monotonic_ns()}", INHERITED)
    stage.servers.beside.callback(new.part.kill)
    with redis.Redis.from_url(new.url) as administrator:
        administrator.config_set("requirepass", old.url.split("@")[0].rpartition(":")[2])
    name = _reach(stage, "REDIS_URL", old.url, old.port)
    client = stage.servers.redis_client()
    stage.servers.beside.callback(client.replicaof, "NO", "ONE")
    with stage.load():
        with stage.mid_group("Redis fails over", queued=True):
            stage.trouble()
            client.replicaof("127.0.0.1", new.port)
            name.target = new.port
        stage.recovered()


def _scenario(
    name: str, about: str, play: Callable[[Stage], None], of_postgres: bool = False
) -> Scenario:
    return Scenario(name, about, play, gateways=2, alone=True, of_postgres=of_postgres)


SCENARIOS = (
    _scenario("redis-silent", "a network to Redis that drops everything", silent_redis),
    _scenario("postgres-silent", "a network to PostgreSQL that drops everything", silent_postgres,
              of_postgres=True),
    _scenario("redis-failed-over", "Redis' name leads to another one, the old is a replica",
              failed_over),
)  # fmt: skip
