"""The time by the clock that all processes share: the database's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, literal
from sqlalchemy.sql.elements import ColumnElement

from shared.db.tables import UtcDateTime


def clock(connection: Connection, seconds: float = 0.0) -> ColumnElement[datetime]:
    """So many seconds from now.

    It is for values that are written, never for conditions: PostgreSQL reads this clock anew for
    every row, so that no index could be bounded by it. See `statement_start`.
    """
    return _moment(connection, func.clock_timestamp(type_=UtcDateTime), seconds)


def statement_start(connection: Connection, seconds: float = 0.0) -> ColumnElement[datetime]:
    """So many seconds after (before, when negative) this statement reached the database.

    It is for conditions: it is the same for every row, so that an index can be bounded by it. A
    statement that waited for a lock still has the moment from before it waited. So a lease that has
    just run out may still seem to run, but a lease that runs never seems to have run out.
    """
    return _moment(connection, func.statement_timestamp(type_=UtcDateTime), seconds)


def _moment(
    connection: Connection, now: ColumnElement[datetime], seconds: float
) -> ColumnElement[datetime]:
    if connection.dialect.name == "sqlite":
        # All processes are on one machine, so its clock is theirs.
        return literal(datetime.now(UTC) + timedelta(seconds=seconds), UtcDateTime)
    if not seconds:
        return now
    interval: ColumnElement[Any] = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return now.op("+")(interval)
