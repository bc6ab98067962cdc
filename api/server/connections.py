"""The connections of one gateway, bounded; which of them goes when there are too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A connection as far as the bound on connections knows it."""

    def give_way(self) -> None:
        """Close it: no request of its client is under way."""


Connection = TypeVar("Connection", bound=Closable)


class Connections(Generic[Connection]):
    """At most `most` connections, and some more on which only health is answered. `now` tells the
    time, in seconds.

    A connection is idle while no request of its client is complete up to its body: it was just
    opened, or its last request was answered, or a head is on its way. Beyond the bound the one
    that has been idle for longest is closed, so that idle or half-headed connections never keep
    others out. When none is idle, the new one is over the bound.
    """

    # How many may be over the bound at once: they are closed again as soon as they were answered.
    MOST_OVER = 64

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        # Since when each is idle. A dict keeps the order in which its keys came: the first has
        # been idle for longest.
        self._idle: dict[Connection, float] = {}
        self._busy: set[Connection] = set()
        self._over: dict[Connection, None] = {}

    def __iter__(self) -> Iterator[Connection]:
        return iter([*self._idle, *self._busy, *self._over])

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        if len(self._idle) + len(self._busy) < self._most:
            self._idle[connection] = self._now()
            return
        if self._idle:
            longest_idle = next(iter(self._idle))
            self.closed(longest_idle)
            longest_idle.give_way()
            self._idle[connection] = self._now()
            return
        self._over[connection] = None
        if len(self._over) > self.MOST_OVER:
            oldest = next(iter(self._over))
            self.closed(oldest)
            oldest.give_way()

    def is_over(self, connection: Connection) -> bool:
        """Whether this connection is beyond the bound."""
        return connection in self._over

    def busy(self, connection: Connection) -> None:
        """A request is under way."""
        if connection in self._idle:
            del self._idle[connection]
            self._busy.add(connection)

    def idle(self, connection: Connection) -> None:
        """Its request was answered."""
        if connection in self._busy:
            self._busy.discard(connection)
            self._idle[connection] = self._now()

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self._idle.pop(connection, None)
        self._busy.discard(connection)
        self._over.pop(connection, None)

    def close_idle(self, seconds: float) -> None:
        """Close every connection that has been idle for so long. One look at all of them, now and
        then, costs less than a timer for each request."""
        before = self._now() - seconds
        while self._idle:
            longest_idle, since = next(iter(self._idle.items()))
            if since > before:
                break
            self.closed(longest_idle)
            longest_idle.give_way()
