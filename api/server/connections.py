"""The connections of one gateway, bounded; which of them goes when there are too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A connection as far as the bound on connections knows it."""

    def give_way(self) -> None:
        """Close it: no request of its client is under way, or its client may have left."""


Connection = TypeVar("Connection", bound=Closable)


class Connections(Generic[Connection]):
    """At most `most` connections, and some more on which only health is answered. `now` tells the
    time, in seconds.

    A connection is *new* until the head of its first request has come, *busy* while a request is
    under way, and *idle* between requests. Beyond the bound a new or an idle one is closed, so that
    such connections never keep others out: the oldest of those of which there are more. A flood of
    connections that ask for nothing thus pushes itself out, and not the clients that were here
    before; and many idle clients do not push each new one out. When all are busy, one goes whose
    client sends no more, since it may have left; when there is none, the one that has come is over
    the bound.
    """

    # How many may be over the bound at once: they are closed as soon as they were answered.
    MOST_OVER = 64

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        # A dict keeps the order in which its keys came: the first is the oldest.
        self._new: dict[Connection, None] = {}
        self._busy: set[Connection] = set()
        # Since when each is idle.
        self._idle: dict[Connection, float] = {}
        self._over: dict[Connection, None] = {}
        # Busy ones whose clients send no more.
        self._ended: dict[Connection, None] = {}

    def __iter__(self) -> Iterator[Connection]:
        return iter([*self._new, *self._busy, *self._idle, *self._over])

    def has_room(self, coming: int) -> bool:
        """Whether one more than so many can connect without pushing one out."""
        return len(self._new) + len(self._busy) + len(self._idle) + coming < self._most

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        if self.has_room(coming=0):
            self._new[connection] = None
        elif self._new or self._idle or self._ended:
            crowd = self._new if len(self._new) > len(self._idle) else self._idle
            self._close(next(iter(crowd or self._ended)))
            self._new[connection] = None
        else:
            self._over[connection] = None
            if len(self._over) > self.MOST_OVER:
                self._close(next(iter(self._over)))

    def is_over(self, connection: Connection) -> bool:
        """Whether this connection is beyond the bound."""
        return connection in self._over

    def busy(self, connection: Connection) -> None:
        """The head of a request has come."""
        if connection not in self._over:
            self._idle.pop(connection, None)
            self._new.pop(connection, None)
            self._busy.add(connection)

    def idle(self, connection: Connection) -> None:
        """Its request was answered."""
        if connection in self._busy:
            self._busy.discard(connection)
            self._idle[connection] = self._now()

    def ended(self, connection: Connection) -> None:
        """Its client sends no more, and may wait for its answer."""
        if connection in self._busy:
            self._ended[connection] = None

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self._ended.pop(connection, None)
        self._new.pop(connection, None)
        self._busy.discard(connection)
        self._idle.pop(connection, None)
        self._over.pop(connection, None)

    def close_idle(self, seconds: float) -> None:
        """Close every connection that has been idle for so many seconds. To be called now and then,
        which costs less than a timer for each request."""
        before = self._now() - seconds
        while self._idle:
            oldest, since = next(iter(self._idle.items()))
            if since > before:
                break
            self._close(oldest)

    def close_new(self) -> None:
        """Close every connection whose client has not sent a whole head yet."""
        while self._new:
            self._close(next(iter(self._new)))

    def _close(self, connection: Connection) -> None:
        self.closed(connection)
        connection.give_way()
