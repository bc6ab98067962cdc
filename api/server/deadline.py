"""The moment at which a connection is cut, unless something comes before."""

from __future__ import annotations

import asyncio


class Deadline:
    """One at a time, of one connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._timer is not None

    def set(self, seconds: float, transport: asyncio.Transport) -> None:
        """Cut the connection in so many seconds, instead of when was said before."""
        self.lift()
        self._timer = self._loop.call_later(seconds, transport.abort)

    def lift(self) -> None:
        """Cut it never."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
