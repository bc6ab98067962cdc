"""Redis answers, and refuses: it is full, or has become a replica."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import redis

from tests.faults.stage import Stage

# Nobody listens there, so that the replica never gets the data of another Redis.
_NO_PORT = 1


def redis_full(stage: Stage) -> None:
    """Redis is full and evicts nothing, with messages in it; then there is room again."""
    _refuse(stage, "Redis is full", _full)


def redis_replica(stage: Stage) -> None:
    """Redis becomes a replica, which takes no writes, and a master again."""
    _refuse(stage, "Redis is a replica", _replica)


def _refuse(
    stage: Stage, what: str, state: Callable[[redis.Redis], AbstractContextManager[None]]
) -> None:
    client = stage.servers.redis_client()
    try:
        with ExitStack() as held:
            held.enter_context(stage.mid_group(what, queued=True))
            with stage.outage(state(client)):
                held.close()
                time.sleep(stage.size.outage)
    finally:
        client.close()


@contextmanager
def _full(client: redis.Redis) -> Iterator[None]:
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)


@contextmanager
def _replica(client: redis.Redis) -> Iterator[None]:
    client.replicaof("127.0.0.1", _NO_PORT)
    try:
        yield
    finally:
        client.replicaof("NO", "ONE")
