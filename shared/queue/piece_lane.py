"""The lane of pieces of batches: how they get there, and how a process that has run one takes the
next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from shared.queue.broker import asking
from shared.queue.celery_message import piece_in, piece_message
from shared.queue.messages import JOB_LANES, Lane
from shared.queue.names import Names
from shared.queue.piece_message import Piece

# The least that Redis waits for a message, in seconds: there is one, or there is none.
_AT_ONCE = 0.01


class PieceLane:
    """One process's way to the bulk lane, under the names of its deployment."""

    def __init__(self, client: redis.Redis, names: Names) -> None:
        self._client = client
        self._names = names

    def publish(self, pieces: Sequence[Piece]) -> None:
        """Put pieces of batches on the bulk lane, in their order.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        if not pieces:
            return
        queue = self._names.queue(Lane.BULK)
        with asking(self._client):
            self._client.lpush(queue, *(piece_message(piece, queue) for piece in pieces))

    def take(self) -> Piece | None:
        """Take the next piece from the bulk lane, unless anything waits on another lane; None when
        there is none.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
            MessageError: the message is of another version, or garbage; it is gone.
        """
        with asking(self._client):
            with self._client.pipeline(transaction=False) as commands:
                for lane in JOB_LANES:
                    commands.llen(self._names.queue(lane))
                if any(commands.execute()):
                    return None
            found: Any = self._client.brpop([self._names.queue(Lane.BULK)], timeout=_AT_ONCE)
        return None if found is None else piece_in(found[1])

    def is_empty(self) -> bool:
        """Whether no piece waits on it.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        with asking(self._client):
            length: Any = self._client.llen(self._names.queue(Lane.BULK))
        return not length
