"""The worker's way of taking messages from Redis: kombu's, without its bookkeeping.

kombu keeps every message that it handed out in a second place until it is acknowledged, and puts
it back after an hour: two more round trips a message, for a redelivery that comes too late to be
of use. Here a message is gone once it is taken. What is lost with a worker is brought back by the
ledger when it was promised, and by the gateway that waits for it when it was not.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any

from kombu.transport import redis
from redis.exceptions import ResponseError

from shared.queue.broker import PROBE

log = logging.getLogger(__name__)

# What kombu raises, or lets through, on text that is none of its messages.
_GARBAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


# How long Redis is asked to wait for a message while a lane is withheld, in seconds.
WITHHELD = 0.1


class Channel(redis.Channel):  # type: ignore[misc]
    """Consumes without acknowledging; drops what is not a message and goes on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        try:
            # A Redis that takes no writes answers a ping, but gives no message either. Found out
            # here, while it connects, Celery tries again with its growing pause.
            self.client.delete(PROBE)
        except Exception:
            self.close()
            raise

    # Nor is there anything to look for that was kept.
    ack_emulation = False

    def _queue_bind(self, *_: Any) -> None:
        """Nothing is published by way of kombu, so it need not write down where it would go."""

    def _size(self, queue: str) -> int:
        """Celery has no use for how much waits."""
        return 0

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Do nothing: no copy of the message is kept."""

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Do nothing: no copy of the message is kept."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except _GARBAGE as error:
            # It is off the queue already. If this error were raised, the worker would end.
            log.error("a message was dropped: not one of Celery's: %r", error)
            return True


class Transport(redis.Transport):  # type: ignore[misc]
    """Redis with such channels. Whatever error it answers with, the worker connects again: a Redis
    that has become a replica, is full or cannot save may be well soon, or another."""

    Channel = Channel

    @staticmethod
    def awaits_a_message() -> bool:
        """Whether Redis was asked for a message, and has not answered yet."""
        return False

    connection_errors = (*redis.Transport.connection_errors, ResponseError)


def make_transport(stopping: Callable[[], bool]) -> type[Transport]:
    """The transport of a worker that asks for no more messages from when it is to stop. Redis
    answers whoever has asked for longest, so that without this a message would be given to the
    worker that stops, and wait there until it has stopped."""
    channels: weakref.WeakSet[Channel] = weakref.WeakSet()

    class Stopping(Channel):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            channels.add(self)

        def _brpop_start(self, timeout: float | None = None) -> None:
            if not stopping():
                # A lane that is withheld is looked into again soon.
                withholds = self._queue_cycle.withholds()
                super()._brpop_start(WITHHELD if withholds else timeout)

    class StoppingTransport(Transport):
        Channel = Stopping

        @staticmethod
        def awaits_a_message() -> bool:
            return any(channel._in_poll for channel in channels)

    return StoppingTransport
