"""A client that reads slowly: how much is held for it, and when it reads nothing at all."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import sys
import termios
from collections.abc import Callable

# Bytes of an answer in chunks that are under way to its client.
SENT_AHEAD = 262144


def hold_little(transport: asyncio.Transport) -> None:
    """Let the system hold no more than `SENT_AHEAD` bytes that a client has not read. Left to
    itself it takes megabytes, and a client who reads nothing of a listing would have as much of it
    made."""
    with contextlib.suppress(OSError):
        found: socket.socket = transport.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)


class SendWatch:
    """Calls `give_up` when a client has read nothing at all for so many seconds, between `start`
    and `stop`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        seconds: float,
        give_up: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._seconds = seconds
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0

    def start(self) -> None:
        """Watch, or begin anew: the client has time from now on."""
        self.stop()
        self._left = self._unread()
        self._timer = self._loop.call_later(self._seconds, self._look)

    def stop(self) -> None:
        """Watch no longer: the client has read, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        if self._unread() < self._left:
            self.start()
        else:
            self._give_up()

    def _unread(self) -> int:
        """How many bytes of the answer the client's machine has not taken yet. The system itself
        may hold megabytes of them, which a slow reader takes bit by bit."""
        held = self._transport.get_write_buffer_size()
        with contextlib.suppress(OSError, AttributeError):
            sent = bytearray(4)
            fcntl.ioctl(self._transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, sent)
            held += int.from_bytes(sent, sys.byteorder)
        return held
