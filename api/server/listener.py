"""Accepts connections: several each time the event loop goes round.

uvloop's server accepts one of them at a time, so that a client who comes behind 300 others waits
until the loop has gone round 300 times. When those others send large bodies that takes seconds,
also for one who only asks for /healthz.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from shared.address import Address

# How many connections the system holds until they are accepted.
_BACKLOG = 2048
# How many are accepted before what came on the others is read, so that a flood of new connections
# does not keep those waiting that are being served. A quarter of a MiB of each may be read before
# its request is judged, so more at a time could hold tens of MiB together that nobody counts.
_AT_ONCE = 8
# Until what they have sent is read, the loop goes round three times, and accepts one each time.
_UNTIL_READ = 8


class Listener:
    """Listens on an address; of the event loop's thread only. `connect` makes the protocol of each
    connection. `has_room` says whether one more beside so many can come without pushing one out.
    When it cannot, they are accepted one at a time: what each has sent is read before another takes
    its place."""

    def __init__(
        self, connect: Callable[[], asyncio.Protocol], has_room: Callable[[int], bool]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect = connect
        self._has_room = has_room
        # Accepted, and their protocols do not know yet. The loop itself does not hold its tasks.
        self._arriving: set[asyncio.Task[Any]] = set()

    async def open(self, address: Address) -> None:
        """Begin to accept connections.

        Raises:
            OSError: the system does not let us.
        """
        self._socket = socket.create_server(
            address.sockaddr, family=address.family, backlog=_BACKLOG
        )
        self._server = await self._loop.create_server(
            self._first_accepted, sock=self._socket, backlog=_BACKLOG
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        found: int = self._socket.getsockname()[1]
        return found

    async def close(self) -> None:
        """Accept no more. The protocols of those that were accepted know of them afterwards."""
        self._server.close()
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _first_accepted(self) -> asyncio.Protocol:
        self._loop.call_soon(self._accept_others)
        return self._connect()

    def _accept_others(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._has_room(len(self._arriving) + _UNTIL_READ):
                return
            try:
                accepted, _peer = self._socket.accept()
            except OSError:
                # None waits, or descriptors have run out: uvloop asks again, and deals with that.
                return
            task = self._loop.create_task(
                self._loop.connect_accepted_socket(self._connect, accepted)
            )
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)
