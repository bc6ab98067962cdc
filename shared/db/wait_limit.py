"""How long a call to PostgreSQL may take before this process gives the connection up.

The server's own timeouts are of no use when the server is what has stopped: a frozen process
still acknowledges every packet. psycopg2 can hand its waiting to a callback, so this one waits
with a limit. psycopg2 closes a connection whose callback raises (psycopg2 documentation,
"Support for coroutine libraries").
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import extensions

_local = threading.local()
_default = 10.0


def limit_waiting(seconds: float) -> None:
    """Let every wait of this process for PostgreSQL end after so many seconds."""
    global _default
    _default = seconds
    extensions.set_wait_callback(_wait)


@contextmanager
def allow_waiting(seconds: float) -> Iterator[None]:
    """Let this thread wait for so many seconds instead: a migration may rewrite a large table, and
    a process that stops has little time."""
    before = getattr(_local, "seconds", None)
    _local.seconds = seconds
    try:
        yield
    finally:
        _local.seconds = before


def _wait(connection: Any) -> None:
    limit = getattr(_local, "seconds", None) or _default
    deadline = time.monotonic() + limit
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise psycopg2.OperationalError(f"no answer within {limit:g} s")
        # poll, not select: a gateway may hold more than 1,024 descriptors.
        poller = select.poll()
        event = select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        poller.register(connection.fileno(), event)
        poller.poll(remaining * 1000)
