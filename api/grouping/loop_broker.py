"""Redis as the gateway's event loop asks it: no thread is taken, and nothing is waited for longer
than a client could bear. Names, messages and errors are those of `shared.queue.broker`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.queue.broker import (
    AWAY,
    HEARTBEATS,
    REPLIES,
    Worker,
    alive,
    away,
    client_options,
    message,
)
from shared.queue.messages import Group, Lane, Reply
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many groups wait on the interactive lane, and the workers that are alive."""

    waiting: int
    workers: tuple[Worker, ...]


class LoopBroker:
    """One process's way to Redis from its event loop. `wait` is in seconds."""

    def __init__(self, settings: Settings, wait: float) -> None:
        self._client: Any = Redis.from_url(
            settings.redis_url,
            # As in `make_redis`: one silent reconnection, and none after a silence.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            **client_options(settings, wait),
        )

    async def publish(self, group: Group, lane: Lane) -> None:
        """Put a group on a lane.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            await self._client.lpush(lane, message(group, lane))
        except AWAY as error:
            raise away(error) from error

    async def next_reply(self, channel: str, wait: float) -> Reply | None:
        """The next reply on this process's list, or None when there is none for `wait` seconds.

        Raises:
            BrokerAwayError: Redis does not answer.
            MessageError: the reply is of another version, or garbage.
        """
        try:
            found: Any = await self._client.blpop([REPLIES + channel], timeout=wait)
        except AWAY as error:
            raise away(error) from error
        return None if found is None else Reply.from_text(found[1])

    async def look(self) -> QueueState:
        """How many groups wait and which workers are alive, in one round trip, however many keys
        Redis holds.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        try:
            commands = self._client.pipeline(transaction=False)
            commands.llen(Lane.INTERACTIVE).time().zrange(HEARTBEATS, 0, -1, withscores=True)
            waiting, now, beats = await commands.execute()
        except AWAY as error:
            raise away(error) from error
        return QueueState(int(waiting), tuple(alive(now, beats)))

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()
