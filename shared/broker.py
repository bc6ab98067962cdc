"""Redis and Celery: how groups get to the workers and replies get back.

Messages are JSON only, and no result backend is used: a worker answers a whole group with one
reply on the list of the gateway process that waits for it. Such a list expires by itself, so
what a dead gateway never read does not pile up.
"""

from __future__ import annotations

import json
import logging
import ssl
from typing import Any

import redis
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import KombuError
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import BrokerAwayError
from shared.messages import TASK_OF_KIND, Group, Lane, Reply
from shared.settings import Settings

log = logging.getLogger(__name__)

REPLIES = "queuecast.replies."
HEARTBEATS = "queuecast.worker."
_REPLIES_KEPT = 60
_AWAY = (redis.RedisError, KombuError, OSError)


def make_celery(settings: Settings, consumes: bool = False) -> Celery:
    """The Celery app, configured alike on both sides. `consumes` is true in a worker."""
    app = Celery("queuecast", set_as_current=consumes)
    waits: dict[str, Any] = {"socket_connect_timeout": 1.0}
    if not consumes:
        # A worker's connection blocks on purpose; a gateway's must never hang on a frozen Redis.
        waits["socket_timeout"] = 1.0
    app.conf.update(
        broker_url=settings.redis_url,
        broker_use_ssl=_tls(settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=1.0,
        broker_transport_options={
            # One list a queue, and the queues in the order of `Lane`: first named, first drained.
            "priority_steps": [0],
            "queue_order_strategy": "priority",
            "health_check_interval": 5,
            "retry_policy": {"max_retries": 0},
            **waits,
        },
        task_queues=[Queue(lane, Exchange(lane), routing_key=lane) for lane in Lane],
        task_default_queue=Lane.INTERACTIVE,
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        task_ignore_result=True,
        result_backend=None,
        task_publish_retry=False,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_concurrency=settings.worker_processes,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        task_time_limit=settings.task_limit,
        task_acks_late=False,
        enable_utc=True,
    )
    return app


def make_redis(settings: Settings, socket_timeout: float) -> redis.Redis:
    """A Redis client that connects on first use and never waits longer than it says (seconds)."""
    options: dict[str, Any] = {}
    tls = _tls(settings)
    if tls:
        options = {"ssl_cert_reqs": tls["ssl_cert_reqs"].name.removeprefix("CERT_").lower()}
        options["ssl_check_hostname"] = settings.redis_tls_verify
    return redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=socket_timeout,
        socket_connect_timeout=1.0,
        # One silent reconnection: a connection may have been closed while it was idle.
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
        **options,
    )


def _tls(settings: Settings) -> dict[str, Any] | None:
    if not settings.redis_url.startswith("rediss://"):
        return None
    mode = ssl.CERT_REQUIRED if settings.redis_tls_verify else ssl.CERT_NONE
    return {"ssl_cert_reqs": mode}


class Broker:
    """One process's way to Redis."""

    def __init__(self, app: Celery, client: redis.Redis) -> None:
        self._app = app
        self._client = client

    def publish(self, group: Group, lane: Lane, expires: float | None = None) -> None:
        """Put a group on a lane. With `expires`, workers drop it after so many seconds.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        task = TASK_OF_KIND[group.requests[0].kind]
        try:
            self._app.send_task(
                task, (group.to_wire(),), queue=lane, expires=expires, task_id=group.group_id
            )
        except _AWAY as error:
            raise _away(error) from error

    def reply(self, channel: str, reply: Reply) -> None:
        """Answer a gateway process.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        key = REPLIES + channel
        try:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.rpush(key, json.dumps(reply.to_wire()))
            pipeline.expire(key, _REPLIES_KEPT)
            pipeline.execute()
        except _AWAY as error:
            raise _away(error) from error

    def next_replies(self, channel: str, wait: int) -> list[Reply]:
        """The replies on this process's list, waiting up to `wait` seconds for the first.

        Raises:
            BrokerAwayError: Redis does not answer.
            MessageError: a reply is of another version, or garbage.
        """
        key = REPLIES + channel
        try:
            first: Any = self._client.blpop([key], timeout=wait)
            if first is None:
                return []
            more: Any = self._client.lpop(key, 100) or []
        except _AWAY as error:
            raise _away(error) from error
        return [Reply.from_wire(_json(text)) for text in (first[1], *more)]

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


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _away(error: Exception) -> BrokerAwayError:
    away = BrokerAwayError("Redis does not answer")
    log.warning("redis: %s", str(error).splitlines()[0] if str(error) else type(error).__name__)
    return away
