"""Reads this process's replies from Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from api.grouping.loop_broker import LoopBroker
from shared.errors import BrokerAwayError, QueuecastError
from shared.queue.messages import Reply

log = logging.getLogger(__name__)

# In seconds; shorter than the gateway's wait for Redis. So an empty list, which Redis reports after
# this time, is not mistaken for a Redis that does not answer.
REPLY_WAIT = 0.5
PAUSE = 0.25


class ReplyReader:
    """A task that takes one reply after the other to `deliver`."""

    def __init__(self, broker: LoopBroker, channel: str, deliver: Callable[[Reply], None]) -> None:
        self._broker = broker
        self._channel = channel
        self._deliver = deliver

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                reply = await self._broker.next_reply(self._channel, REPLY_WAIT)
                if reply is not None:
                    self._deliver(reply)
            except BrokerAwayError:
                # The Redis watch notices it as well, and tells the clients that wait.
                await asyncio.sleep(PAUSE)
            except QueuecastError as error:
                log.error("a reply was dropped: %s", error)
            except Exception:  # without this task no request would ever be answered
                log.exception("reading replies")
                await asyncio.sleep(PAUSE)
