"""The HTTP server: granian's embedded one, on an event loop of ours in this very process.

Its usual server forks a process that serves and watches it from another. Both hear the signals of a
terminal or a platform, and neither bears to hear them twice: the one locks itself with an Event
that a handler sets, the other with a channel of one place. Here a signal is a callback of the loop.
"""

from __future__ import annotations

import asyncio
import gc
import signal

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from api.server.rsgi_app import Front
from shared.settings import Settings
from shared.stop_limit import limit_stopping

# In seconds after the signal. Until then a stopping gateway answers whoever comes, and asks them
# not to come back.
LINGER = 0.25
# Who still waits is told that there is a job to poll (`docker stop` kills after 10 s).
HAND_BACK = 5.0


def serve(front: Front, settings: Settings) -> None:
    """Serve until a signal, SIGTERM or SIGINT, asks to stop; requests that are here are answered
    before this returns."""
    # What is here now stays; the collector need not look at it between requests.
    gc.collect()
    gc.freeze()
    uvloop.run(_serve(front, settings))


async def _serve(front: Front, settings: Settings) -> None:
    server = Server(
        front,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        backpressure=settings.gateway_connections,
        log_level=LogLevels.error,
    )
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            limit_stopping()
            front.send_away()
            loop.call_later(LINGER, server.stop)
            loop.call_later(HAND_BACK, front.hand_back)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve()
