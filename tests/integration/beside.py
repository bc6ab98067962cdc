"""Two transactions beside each other on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, text

from shared.db.engine import Database
from tests.system import wait_for

Result = TypeVar("Result")

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def behind(
    database: Database, first: Callable[[Connection], object], second: Callable[[], Result]
) -> Result:
    """What the second comes to, which begins while the first is not committed and, unless it ends
    before, waits for a lock of the first."""
    is_done, may_commit = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        first(connection)
        is_done.set()
        assert may_commit.wait(10)

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(database.write, hold)
        try:
            assert is_done.wait(10)
            waiting = pool.submit(second)
            wait_for(lambda: waiting.done() or waits(database), 10, "it waits")
        finally:
            may_commit.set()
        holding.result(10)
        return waiting.result(10)


def waits(database: Database) -> bool:
    """Whether somebody waits for a lock."""
    return bool(database.read(lambda c: c.execute(text(_WAITING)).scalar_one()))
