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
        # Why nothing can be sent by way of Redis; None while all is well.
        self.away: str | None = None
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
        """Ask once. When Redis does not answer, or takes no writes, no reply can come, so the
        clients that wait are told."""
        try:
            self.queue = await self._broker.look()
        except BrokerAwayError as error:
            self.failed(error)
            return
        if self.away:
            log.info("Redis is back")
        self.away = None

    def failed(self, error: BrokerAwayError) -> None:
        """Redis did not do what it was asked: nobody else has to find that out by waiting for it,
        until it is seen to be back."""
        if self.away != str(error):
            log.warning("Redis is away: %s", error)
        self.away = str(error)
        self._pending.refuse_all(error)

    def refuse_when_away(self) -> None:
        """Find out from what was seen last, which takes no time that a client has not got.

        Raises:
            BrokerAwayError: nothing can be sent by way of Redis.
        """
        if self.away:
            raise BrokerAwayError(self.away)
