"""SQLite lets one writer in at a time, and this is how the others wait.

SQLite's own way is to look again after ever longer pauses, of up to a tenth of a second: whoever
has waited longest looks most seldom, is overtaken by all who come later, and nobody writes while
all of them pause. With a gateway and two processes that label rows, some waited for half a second
for a turn that others had for two milliseconds.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection

# Between two looks, in seconds: about what a small transaction takes.
LOOK_EVERY = 0.001


def begin_writing(connection: Connection, wait: float) -> None:
    """Begin a transaction that writes, within so many seconds.

    Raises:
        OperationalError: SQLAlchemy's; another had its turn all the time, or the file is at fault.
    """
    driver: Any = connection.connection.driver_connection
    deadline = time.monotonic() + wait
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        failure = _begin(driver)
        while failure is not None and _is_busy(failure) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            failure = _begin(driver)
        if failure is not None:
            # Once more, so that what is wrong is raised as SQLAlchemy's errors are.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        # What else may have to wait, for a moment, is left to SQLite.
        driver.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")


def _begin(driver: Any) -> sqlite3.Error | None:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return error
    return None


def _is_busy(error: sqlite3.Error) -> bool:
    # The lower byte; the rest says more exactly what was busy.
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
