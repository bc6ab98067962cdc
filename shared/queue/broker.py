"""Redis: how groups get to the workers and replies get back.

Messages are JSON only, and no result backend is used: a worker answers a whole group with one
reply on the list of the gateway process that waits for it. Such a list expires by itself, so
what a dead gateway never read does not pile up.
"""

from __future__ import annotations

import logging
import ssl
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import BrokerAwayError
from shared.queue.celery_message import envelope
from shared.queue.messages import TASK_OF_KIND, Group, Lane, Reply
from shared.settings import Settings

log = logging.getLogger(__name__)

REPLIES = "queuecast.replies."
HEARTBEATS = "queuecast.worker."
_REPLIES_KEPT = 60
_AWAY = (redis.RedisError, OSError)


def make_redis(settings: Settings, socket_timeout: float) -> redis.Redis:
    """A Redis client that connects on first use and never waits longer than it says (seconds)."""
    options: dict[str, Any] = {}
    tls = tls_options(settings)
    if tls:
        options = {"ssl_cert_reqs": tls["ssl_cert_reqs"].name.removeprefix("CERT_").lower()}
        options["ssl_check_hostname"] = settings.redis_tls_verify
    return redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=socket_timeout,
        socket_connect_timeout=1.0,
        # One silent reconnection: a connection may have been closed while it was idle. None after
        # a silence, so that nobody waits twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        decode_responses=True,
        **options,
    )


def tls_options(settings: Settings) -> dict[str, Any] | None:
    """How to encrypt the connection, as kombu names it; None for `redis://`."""
    if not settings.redis_url.startswith("rediss://"):
        return None
    mode = ssl.CERT_REQUIRED if settings.redis_tls_verify else ssl.CERT_NONE
    return {"ssl_cert_reqs": mode}


class Broker:
    """One process's way to Redis."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def publish(self, group: Group, lane: Lane) -> None:
        """Put a group on a lane.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        task = TASK_OF_KIND[group.requests[0].kind]
        text = group.to_text()
        try:
            self._client.lpush(lane, envelope(task, text, lane, group.group_id))
        except _AWAY as error:
            raise _away(error) from error

    def reply(self, channel: str, reply: Reply) -> None:
        """Answer a gateway process.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        key = REPLIES + channel
        try:
            self._client.rpush(key, reply.to_text())
            # By itself: the gateway has the reply by now.
            self._client.expire(key, _REPLIES_KEPT)
        except _AWAY as error:
            raise _away(error) from error

    def next_reply(self, channel: str, wait: float) -> Reply | None:
        """The next reply on this process's list, or None when there is none for `wait` seconds.

        Raises:
            BrokerAwayError: Redis does not answer.
            MessageError: the reply is of another version, or garbage.
        """
        try:
            found: Any = self._client.blpop([REPLIES + channel], timeout=wait)
        except _AWAY as error:
            raise _away(error) from error
        return None if found is None else Reply.from_text(found[1])

    def backlog(self, lane: Lane) -> int:
        """How many groups wait on a lane.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            length: Any = self._client.llen(lane)
        except _AWAY as error:
            raise _away(error) from error
        return int(length)

    def beat(self, worker: str, model_version: str, seconds: int) -> None:
        """Say that a worker is alive with a loaded model, for so many seconds from now.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            self._client.set(HEARTBEATS + worker, model_version, ex=seconds)
        except _AWAY as error:
            raise _away(error) from error

    def stop_beating(self, worker: str) -> None:
        """Take the sign of life back.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            self._client.delete(HEARTBEATS + worker)
        except _AWAY as error:
            raise _away(error) from error

    def workers(self) -> int:
        """How many workers are alive with a loaded model.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            return sum(1 for _ in self._client.scan_iter(HEARTBEATS + "*", count=1000))
        except _AWAY as error:
            raise _away(error) from error

    def ping(self) -> None:
        """See whether Redis answers.

        Raises:
            BrokerAwayError: it does not.
        """
        try:
            self._client.ping()
        except _AWAY as error:
            raise _away(error) from error


def refuses_login(error: BaseException) -> bool:
    """Whether Redis answered that this user or password is wrong."""
    cause = error.__cause__ or error
    return isinstance(cause, redis.AuthenticationError | redis.exceptions.NoPermissionError)


def _away(error: Exception) -> BrokerAwayError:
    away = BrokerAwayError("Redis does not answer")
    log.warning("redis: %s", str(error).splitlines()[0] if str(error) else type(error).__name__)
    return away
