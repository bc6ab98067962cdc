"""Redis as the gateway's event loop asks it: no thread is taken, and nothing is waited for longer
than a client could bear. Names, messages and errors are those of `shared.queue.broker`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.errors import BrokerAwayError
from shared.queue.broker import (
    AWAY,
    PROBE,
    PROBE_KEPT,
    REPLIES,
    away,
    client_options,
    seconds_of,
)
from shared.queue.celery_message import message, piece_message
from shared.queue.heartbeats import Worker, alive
from shared.queue.messages import Group, Lane, Reply
from shared.queue.names import Names
from shared.queue.piece_message import Piece
from shared.queue.refusals import has_moved
from shared.queue.reloads import KEPT, ReloadOutcome, ReloadRequest, readable
from shared.settings import Settings

STOOD_STILL = "this gateway stood still, frozen or without a processor, and did not hear Redis"


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many groups wait on the interactive lane, and the workers that are alive."""

    waiting: int
    workers: tuple[Worker, ...]


class LoopBroker:
    """One process's way to Redis from its event loop. `wait` is in seconds; `names` gives the names
    of its deployment as far as they are known yet."""

    def __init__(self, settings: Settings, wait: float, names: Callable[[], Names]) -> None:
        self._names = names
        self._wait = wait
        self._client: Any = Redis.from_url(
            settings.redis_url,
            # As in `make_redis`: one silent reconnection, and none after a silence.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            **client_options(settings, wait),
        )

    async def publish(self, group: Group, lane: Lane) -> None:
        """Put a group on a lane.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        queue = self._names().queue(lane)
        async with self._asking():
            await self._client.lpush(queue, message(group, queue))

    async def publish_pieces(self, pieces: Sequence[Piece]) -> None:
        """Put pieces of batches on the bulk lane, in their order.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        if not pieces:
            return
        queue = self._names().queue(Lane.BULK)
        async with self._asking():
            await self._client.lpush(queue, *(piece_message(piece, queue) for piece in pieces))

    async def next_reply(self, channel: str, wait: float) -> Reply | None:
        """The next reply on this process's list, or None when there is none for `wait` seconds.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
            MessageError: the reply is of another version, or garbage.
        """
        async with self._asking(wait):
            found: Any = await self._client.blpop([REPLIES + channel], timeout=wait)
        return None if found is None else Reply.from_text(found[1])

    async def look(self) -> QueueState:
        """How many groups wait and which workers are alive, in one round trip, however many keys
        Redis holds.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        names = self._names()
        async with self._asking():
            commands = self._client.pipeline(transaction=False)
            commands.llen(names.queue(Lane.INTERACTIVE)).time()
            commands.zrange(names.heartbeats, 0, -1, withscores=True)
            commands.set(PROBE, 1, ex=PROBE_KEPT)
            waiting, now, beats, _ = await commands.execute()
        return QueueState(int(waiting), tuple(alive(now, beats)))

    async def model_descriptions(self, versions: Sequence[str]) -> list[dict[str, Any] | None]:
        """What workers have said of the models of these versions; None where Redis has lost it.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        names = self._names()
        async with self._asking():
            commands = self._client.pipeline(transaction=False)
            for version in versions:
                commands.zrange(names.model(version), 0, 0)
            found = await commands.execute()
        return [json.loads(texts[0]) if texts else None for texts in found]

    async def ask_for_reload(self, reload_id: str, workers: Sequence[str]) -> None:
        """Ask all workers to take up the model anew; these are alive.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        key = self._names().reloads
        async with self._asking():
            request = ReloadRequest(
                reload_id, tuple(workers), seconds_of(await self._client.time())
            )
            commands = self._client.pipeline(transaction=False)
            commands.zadd(key, {request.to_text(): request.asked_at})
            commands.zremrangebyscore(key, 0, request.asked_at - KEPT)
            commands.expire(key, KEPT)
            await commands.execute()

    async def reload(
        self, reload_id: str
    ) -> tuple[ReloadRequest | None, float, list[ReloadOutcome]]:
        """Such a request, how many seconds ago it was made, and what the workers have said since;
        None when there is none.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        names = self._names()
        async with self._asking():
            commands = self._client.pipeline(transaction=False)
            commands.time().zrange(names.reloads, 0, -1)
            # What is final last.
            commands.zrange(names.reload(reload_id), 0, -1)
            now, asked, said = await commands.execute()
        requests = readable(asked, ReloadRequest.from_text)
        found = next((r for r in requests if r.reload_id == reload_id), None)
        age = seconds_of(now) - found.asked_at if found is not None else 0.0
        return found, age, readable(said, ReloadOutcome.from_text)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    @asynccontextmanager
    async def _asking(self, blocked: float = 0.0) -> AsyncIterator[None]:
        """Around a call in which Redis may leave its answer for so many seconds."""
        began = time.monotonic()
        try:
            yield
        except AWAY as error:
            # Connecting and the answer have one limit each. What took longer was not Redis.
            if time.monotonic() - began > blocked + 3 * self._wait:
                raise BrokerAwayError(STOOD_STILL) from error
            if has_moved(error):
                await self._client.connection_pool.disconnect(inuse_connections=False)
            raise away(error) from error
