"""Redis: how groups get to the workers and replies get back.

Messages are JSON only, and no result backend is used: a worker answers a whole group with one
reply on the list of the gateway process that waits for it. Such a list expires by itself, so
what a dead gateway never read does not pile up.
"""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import BrokerAwayError
from shared.queue.celery_message import message
from shared.queue.heartbeats import Worker, alive
from shared.queue.messages import Group, Lane, Reply
from shared.queue.names import Names
from shared.queue.refusals import has_moved, reason
from shared.queue.reloads import KEPT, ReloadOutcome, ReloadRequest, readable
from shared.settings import Settings

log = logging.getLogger(__name__)

REPLIES = "queuecast.replies."
# Written only to see whether Redis takes writes: a replica and a full Redis answer what only reads.
PROBE = "queuecast.probe"
PROBE_KEPT = 60
_REPLIES_KEPT = 60
_MODELS_KEPT = 3600
AWAY = (redis.RedisError, OSError)


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


@contextmanager
def asking(client: redis.Redis) -> Iterator[None]:
    """What Redis does not do is one of our errors.

    Raises:
        BrokerAwayError: it does not answer, or does not do what it is asked.
    """
    try:
        yield
    except AWAY as error:
        if has_moved(error):
            client.connection_pool.disconnect()
        raise away(error) from error


class Broker:
    """One process's way to Redis, under the names of its deployment."""

    def __init__(self, client: redis.Redis, names: Names) -> None:
        self._client = client
        self._names = names

    def publish(self, group: Group, lane: Lane) -> None:
        """Put a group on a lane.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        queue = self._names.queue(lane)
        with asking(self._client):
            self._client.lpush(queue, message(group, queue))

    def reply(self, channel: str, reply: Reply) -> None:
        """Answer a gateway process.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        key = REPLIES + channel
        with asking(self._client):
            self._client.rpush(key, reply.to_text())
            # In a second round trip: the gateway can read the reply meanwhile.
            self._client.expire(key, _REPLIES_KEPT)

    def backlog(self, lane: Lane) -> int:
        """How many groups wait on a lane.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        with asking(self._client):
            length: Any = self._client.llen(self._names.queue(lane))
        return int(length)

    def beat(self, worker: str, model_version: str, seconds: int) -> None:
        """Say that a worker is alive with a loaded model, for so many seconds from now; behind the
        version may be what else is said of it.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        with asking(self._client):
            # By Redis' own clock: the workers' clocks may differ.
            now: Any = self._client.time()
            with self._client.pipeline(transaction=False) as commands:
                commands.zadd(
                    self._names.heartbeats, {f"{worker} {model_version}": now[0] + seconds}
                )
                # Workers that are gone do not renew theirs.
                commands.zremrangebyscore(self._names.heartbeats, 0, now[0] - 1)
                commands.execute()

    def stop_beating(self, worker: str, model_version: str) -> None:
        """Take the sign of life back.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        with asking(self._client):
            self._client.zrem(self._names.heartbeats, f"{worker} {model_version}")

    def describe_model(self, version: str, description: dict[str, Any]) -> None:
        """Say what a model is like, for an hour from now.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        key = self._names.model(version)
        with asking(self._client), self._client.pipeline(transaction=False) as commands:
            commands.delete(key)
            commands.zadd(key, {json.dumps(description): 0})
            commands.expire(key, _MODELS_KEPT)
            commands.execute()

    def model_description(self, version: str) -> dict[str, Any] | None:
        """What was said of a model; None when nothing was.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        with asking(self._client):
            found: Any = self._client.zrange(self._names.model(version), 0, 0)
        description: dict[str, Any] | None = json.loads(found[0]) if found else None
        return description

    def clock(self) -> float:
        """What time it is by Redis' clock, in seconds.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        with asking(self._client):
            return seconds_of(self._client.time())

    def reload_requests(self) -> list[ReloadRequest]:
        """The requests to take up the model anew, the oldest first.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        with asking(self._client):
            found: Any = self._client.zrange(self._names.reloads, 0, -1)
        return readable(found, ReloadRequest.from_text)

    def tell_of_reload(self, reload_id: str, outcome: ReloadOutcome) -> None:
        """Say how far a worker is with such a request.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        key = self._names.reload(reload_id)
        with asking(self._client), self._client.pipeline(transaction=False) as commands:
            commands.zadd(key, {outcome.to_text(): int(outcome.state.final)})
            commands.expire(key, KEPT)
            commands.execute()

    def workers(self) -> list[Worker]:
        """The workers that are alive with a loaded model.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        with asking(self._client):
            now: Any = self._client.time()
            beats = self._client.zrange(self._names.heartbeats, 0, -1, withscores=True)
        return alive(now, beats)


def seconds_of(time: Any) -> float:
    """What TIME answers, in seconds."""
    return int(time[0]) + int(time[1]) / 1e6


def away(error: Exception) -> BrokerAwayError:
    """What a failed call to Redis becomes."""
    found = BrokerAwayError(reason(error))
    log.warning("redis: %s", str(error).splitlines()[0] if str(error) else type(error).__name__)
    return found
