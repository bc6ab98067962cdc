"""Redis: how groups get to the workers and replies get back.

Messages are JSON only, and no result backend is used: a worker answers a whole group with one
reply on the list of the gateway process that waits for it. Such a list expires by itself, so
what a dead gateway never read does not pile up.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import BrokerAwayError
from shared.queue.celery_message import celery_message
from shared.queue.messages import TASK_OF_KIND, Group, Lane, Reply
from shared.settings import Settings

log = logging.getLogger(__name__)

REPLIES = "queuecast.replies."
# A sorted set of all workers, each with the time until which it counts as alive. One command reads
# it, whatever else Redis holds.
HEARTBEATS = "queuecast.heartbeats"
_REPLIES_KEPT = 60
AWAY = (redis.RedisError, OSError)


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that is alive, and the version of the model that it has loaded."""

    name: str
    model_version: str


def make_redis(settings: Settings, socket_timeout: float) -> redis.Redis:
    """A Redis client that connects on first use and never waits longer than it says (seconds)."""
    return redis.Redis.from_url(
        settings.redis_url,
        # One silent reconnection, since a connection may have been closed while it was idle; none
        # after a time-out, so that no caller waits twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        **client_options(settings, socket_timeout),
    )


def client_options(settings: Settings, socket_timeout: float) -> dict[str, Any]:
    """What every client of redis-py is made with, this one and the gateway's on its event loop."""
    options: dict[str, Any] = {
        "socket_timeout": socket_timeout,
        "socket_connect_timeout": 1.0,
        "decode_responses": True,
    }
    tls = tls_options(settings)
    if tls:
        options["ssl_cert_reqs"] = tls["ssl_cert_reqs"].name.removeprefix("CERT_").lower()
        options["ssl_check_hostname"] = settings.redis_tls_verify
    return options


def tls_options(settings: Settings) -> dict[str, Any] | None:
    """How to encrypt the connection, as kombu names it; None for `redis://`."""
    if not settings.redis_url.startswith("rediss://"):
        return None
    mode = ssl.CERT_REQUIRED if settings.redis_tls_verify else ssl.CERT_NONE
    return {"ssl_cert_reqs": mode}


def message(group: Group, lane: Lane) -> str:
    """What is put on a lane for a group."""
    task = TASK_OF_KIND[group.requests[0].kind]
    return celery_message(task, group.to_text(), lane, group.group_id)


class Broker:
    """One process's way to Redis."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def publish(self, group: Group, lane: Lane) -> None:
        """Put a group on a lane.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            self._client.lpush(lane, message(group, lane))
        except AWAY as error:
            raise away(error) from error

    def reply(self, channel: str, reply: Reply) -> None:
        """Answer a gateway process.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        key = REPLIES + channel
        try:
            self._client.rpush(key, reply.to_text())
            # In a second round trip: the gateway can read the reply meanwhile.
            self._client.expire(key, _REPLIES_KEPT)
        except AWAY as error:
            raise away(error) from error

    def backlog(self, lane: Lane) -> int:
        """How many groups wait on a lane.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            length: Any = self._client.llen(lane)
        except AWAY as error:
            raise away(error) from error
        return int(length)

    def beat(self, worker: str, model_version: str, seconds: int) -> None:
        """Say that a worker is alive with a loaded model, for so many seconds from now.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            # By Redis' own clock: the workers' clocks may differ.
            now: Any = self._client.time()
            with self._client.pipeline(transaction=False) as commands:
                commands.zadd(HEARTBEATS, {f"{worker} {model_version}": now[0] + seconds})
                # Workers that are gone do not renew theirs.
                commands.zremrangebyscore(HEARTBEATS, 0, now[0] - 1)
                commands.execute()
        except AWAY as error:
            raise away(error) from error

    def stop_beating(self, worker: str, model_version: str) -> None:
        """Take the sign of life back.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            self._client.zrem(HEARTBEATS, f"{worker} {model_version}")
        except AWAY as error:
            raise away(error) from error

    def workers(self) -> list[Worker]:
        """The workers that are alive with a loaded model.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            now: Any = self._client.time()
            return alive(now, self._client.zrange(HEARTBEATS, 0, -1, withscores=True))
        except AWAY as error:
            raise away(error) from error

    def ping(self) -> None:
        """See whether Redis answers.

        Raises:
            BrokerAwayError: it does not.
        """
        try:
            self._client.ping()
        except AWAY as error:
            raise away(error) from error


def refuses_login(error: BaseException) -> bool:
    """Whether Redis answered that this user or password is wrong."""
    cause = error.__cause__ or error
    return isinstance(cause, redis.AuthenticationError | redis.exceptions.NoPermissionError)


def alive(now: Sequence[int], beats: Any) -> list[Worker]:
    """Whose heartbeat lasts still: `now` is what TIME answers, `beats` the scored HEARTBEATS."""
    names = [name for name, until in beats if until >= now[0]]
    return [Worker(*name.split(" ", 1)) for name in names if " " in name]


def away(error: Exception) -> BrokerAwayError:
    """What a failed call to Redis becomes."""
    found = BrokerAwayError("Redis does not answer")
    log.warning("redis: %s", str(error).splitlines()[0] if str(error) else type(error).__name__)
    return found
