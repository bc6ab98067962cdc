"""`api.server.listener`: how soon connections are accepted, counted in turns of the event loop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import uvloop

from api.server.listener import Listener
from shared.address import listening_address


class Accepted(asyncio.Protocol):
    """A connection, which adds itself to those that were accepted."""

    def __init__(self, accepted: list[asyncio.BaseTransport]) -> None:
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._accepted.append(transport)


async def accepted_after(turns: int, clients: int, room: int = 1000) -> int:
    """How many of so many clients, who came at once, are accepted when the loop has gone round so
    often, and there was room for so many."""
    accepted: list[asyncio.BaseTransport] = []
    listener = Listener(lambda: Accepted(accepted), lambda coming: len(accepted) + coming < room)
    await listener.open(listening_address("127.0.0.1", 0))
    with ExitStack() as connected:
        for _ in range(clients):
            # The system holds them, since the loop does not go round meanwhile.
            client = socket.create_connection(("127.0.0.1", listener.port))
            connected.enter_context(client)
        for _ in range(turns):
            await asyncio.sleep(0)
        count = len(accepted)
        await listener.close()
        for transport in accepted:
            transport.close()
    return count


def test_many_at_once() -> None:
    """Who comes behind 300 others is accepted within a few turns of the loop."""
    assert uvloop.run(accepted_after(turns=50, clients=301)) == 301


def test_a_flood_leaves_room() -> None:
    """In one turn of the loop not more are accepted than take it a few milliseconds, so that those
    who are served already do not wait."""
    assert 0 < uvloop.run(accepted_after(turns=4, clients=600)) < 40


def test_no_room() -> None:
    """Beyond the room they are accepted one at a time, so that each can be read before the next."""
    found = [uvloop.run(accepted_after(turns, clients=300, room=200)) for turns in (40, 41, 42)]
    assert 190 < found[0] < 220
    assert found == [found[0], found[0] + 1, found[0] + 2]
