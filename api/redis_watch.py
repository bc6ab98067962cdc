"""Watches Redis from the gateway, so that a request is refused at once when it is away."""

from __future__ import annotations

import asyncio
import logging

from api.grouping.loop_broker import LoopBroker, QueueState
from api.grouping.pending import Pending
from shared.errors import BrokerAwayError

log = logging.getLogger(__name__)

EVERY = 0.5


class RedisWatch:
    """A task that asks Redis how many groups wait and which workers are alive. That Redis answers
    shows that it is alive itself."""

    def __init__(self, broker: LoopBroker, pending: Pending) -> None:
        self._broker = broker
        self._pending = pending
        self.redis_is_away = False
        # As Redis last said.
        self.queue = QueueState(0, ())

    async def run(self) -> None:
        """Ask again and again until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # without this task the gateway would not learn that Redis is back
                log.exception("watching Redis")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Ask once. When Redis does not answer, no reply can come, so the clients that wait are
        told."""
        try:
            self.queue = await self._broker.look()
        except BrokerAwayError as error:
            if not self.redis_is_away:
                log.warning("Redis is away")
            self.redis_is_away = True
            self._pending.refuse_all(error)
            return
        if self.redis_is_away:
            log.info("Redis is back")
        self.redis_is_away = False
