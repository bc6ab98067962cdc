"""`api.server.listener`: for how many connections it asks whether there is room."""

from __future__ import annotations

import asyncio
import socket

import uvloop

from api.server.listener import Listener
from shared.address import listening_address

# As many as the loop itself accepts until what the first has sent is read.
UNREAD = 8


def test_room_is_asked_for_those_that_are_not_read_yet() -> None:
    """Whoever comes with a flood is not pushed out by those who come after, before anything of
    theirs is read: without room for all of these, one is accepted at a time."""
    asked: list[int] = []
    connected: list[asyncio.Protocol] = []

    class Counted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            connected.append(self)

    def has_room(more: int) -> bool:
        asked.append(more)
        return False

    async def flood() -> None:
        listener = Listener(Counted, has_room)
        await listener.open(listening_address("127.0.0.1", 0))
        clients = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(20)]
        async with asyncio.timeout(20):
            while len(connected) < len(clients):
                await asyncio.sleep(0.01)
        await listener.close()
        for client in clients:
            client.close()

    uvloop.run(flood())
    assert len(asked) == len(connected)
    assert min(asked) >= UNREAD
