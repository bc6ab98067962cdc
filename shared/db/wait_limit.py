"""How long a call to PostgreSQL may take: before the server ends it, and before this process gives
the connection up.

The server's own timeouts are of no use when the server is what has stopped: a frozen process
still acknowledges every packet. psycopg2 can hand its waiting to a callback, so this one waits
with a limit. psycopg2 closes a connection whose callback raises (psycopg2 documentation,
"Support for coroutine libraries").

But a server does not notice that a connection was given up while it waits for a lock or computes,
and goes on. So it is told to end a statement a little earlier by itself, which also says for sure
that nothing was committed; and to end a transaction whose client is silent, frozen or gone.
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

# The server's limit on a statement is a tenth less than ours, and at least so many seconds: it has
# to be heard of on a busy machine before we give up, or nobody knows whether it was committed.
_SERVERS_SHARE, _LEAST_SOONER = 0.9, 0.25
# How long a transaction may wait for its client's next statement, in seconds. Ours come within
# milliseconds, and what is ended without need is done again.
IDLE_LIMIT = 5.0

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


def limits_of_the_server() -> str:
    """What to put in front of a transaction's first statement, in the same message, so that it
    costs no way there and back. It holds for this transaction.

    A session is not told (`options` when connecting, or SET): a pooler in transaction mode refuses
    the one, and gives what the other has set to whoever has the session next.
    """
    limit = _limit()
    sooner = max(limit / 2, min(_SERVERS_SHARE * limit, limit - _LEAST_SOONER))
    statement, idle = (round(1000 * s) for s in (sooner, IDLE_LIMIT))
    return (
        f"SET LOCAL statement_timeout = {statement};"
        f"SET LOCAL idle_in_transaction_session_timeout = {idle};"
    )


def _limit() -> float:
    return getattr(_local, "seconds", None) or _default


def _wait(connection: Any) -> None:
    limit = _limit()
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
