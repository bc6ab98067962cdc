"""The HTTP server of one process: listens, and stops when a signal says so."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from api.cancelling import end
from api.server.connection import Connection
from api.server.connections import Connections
from api.server.heap import Heap
from api.server.limits import Limits
from api.server.listener import Listener
from shared.address import Address, cannot_listen
from shared.settings import Settings
from shared.stop_limit import ignore_signals, limit_stopping

log = logging.getLogger(__name__)

# All in seconds after the signal. Until this one, a gateway that stops still takes new connections,
# and closes each after its answer.
LINGER = 0.25
# Then clients that still wait get a job to poll (`docker stop` kills after 10 s), and requests
# whose bodies have not come are refused.
HAND_BACK = 5.0
# An answer that its client has not read by then is broken off.
BREAK_OFF = 15.0
# Descriptors that a process needs beside those of its clients' connections.
OTHER_DESCRIPTORS = 192
# So many more objects than were let go of since are looked at for cycles.
YOUNG_OBJECTS = 20_000


class Application:
    """What is served, and what it does when the server starts and stops."""

    def __init__(
        self,
        serve: Callable[[Any, Any, Any], Awaitable[None]],
        start: Callable[[], Awaitable[None]],
        send_away: Callable[[], None],
        hand_back: Callable[[], None],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self.serve = serve
        self.start = start
        self.send_away = send_away
        self.hand_back = hand_back
        self.close = close


def serve(application: Application, settings: Settings, address: Address) -> None:
    """Serve until a signal, SIGTERM or SIGINT, asks to stop; requests that are here are answered
    before this returns.

    Raises:
        StartError: the address cannot be listened on.
    """
    heap = Heap()
    heap.bound()
    # What is in memory now stays there, so the garbage collector need not look at it again.
    gc.collect()
    gc.freeze()
    # Hundreds of requests that are under way are young objects, which the collector would look at
    # again and again: an eighth of the gateway's time at 256 clients.
    gc.set_threshold(YOUNG_OBJECTS)
    uvloop.run(_serve(application, settings, address, heap))


async def _serve(
    application: Application, settings: Settings, address: Address, heap: Heap
) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set():
            limit_stopping()
            stopping.set()

    # The loop calls `stop`, since a signal may come at any moment. Not by `add_signal_handler`:
    # the loop takes that back when it is closed, and a signal then would kill this process.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    await application.start()
    try:
        server = _Server(application, settings, heap)
        await server.listen(address)
        await stopping.wait()
        application.send_away()
        await asyncio.sleep(LINGER)
        await server.stop_listening()
        loop.call_later(HAND_BACK - LINGER, application.hand_back)
        await server.drain(BREAK_OFF - LINGER)
    finally:
        # Also after an error. Left to the loop, the application's tasks would be cancelled once and
        # waited for without end, and some of them can miss a cancellation.
        await application.close()
    ignore_signals()


class _Server:
    """The listening socket and the connections that it gave."""

    def __init__(self, application: Application, settings: Settings, heap: Heap) -> None:
        self._heap = heap
        self._config = uvicorn.Config(
            application.serve, interface="asgi3", http=Connection, ws="none", lifespan="off",
            log_config=None, access_log=False, proxy_headers=False, server_header=False,
        )  # fmt: skip
        self._config.load()
        # The door says what went wrong, in our words; what uvicorn adds is about clients.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._state = ServerState()
        self._register: Connections[Connection] = Connections(
            _connections_allowed(settings.gateway_connections), time.monotonic
        )
        self._keep_alive = settings.keep_alive
        self._limits = Limits(settings.head_timeout, settings.body_stall, settings.send_timeout)
        self._listener = Listener(self._connect, self._register.has_room)

    async def listen(self, address: Address) -> None:
        """Begin to accept connections.

        Raises:
            StartError: the system does not let us.
        """
        try:
            await self._listener.open(address)
        except OSError as error:
            raise cannot_listen(address.host, address.port, error) from error
        self._each_second = asyncio.get_running_loop().create_task(self._look_each_second())

    async def stop_listening(self) -> None:
        """Accept no new connections, and close those that are idle."""
        self._each_second.cancel()
        await self._listener.close()
        self._register.close_idle(0.0)
        self._register.close_new()

    async def drain(self, seconds: float) -> None:
        """Wait until every connection is closed; after so many seconds they are broken off."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while list(self._register):
                    await asyncio.sleep(0.02)
        for connection in self._register:
            connection.break_off()
        await end(self._state.tasks)

    def _connect(self) -> Connection:
        return Connection(
            self._register,
            self._limits,
            config=self._config,
            server_state=self._state,
            app_state={},
        )

    async def _look_each_second(self) -> None:
        """Keep the `Date` of answers right (RFC 9110, section 6.6.1), close what is idle, and give
        memory back."""
        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode("ascii"))]
            self._register.close_idle(self._keep_alive)
            self._heap.give_back()
            await asyncio.sleep(1)


def _connections_allowed(wanted: int) -> int:
    """So many connections as the system grants descriptors for, if it must be fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + Connections.MOST_OVER + OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            allowed = max(8, soft - Connections.MOST_OVER - OTHER_DESCRIPTORS)
            log.warning("GATEWAY_CONNECTIONS is %d, but the system allows %d", wanted, allowed)
            return allowed
    return wanted
