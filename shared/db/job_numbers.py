"""The numbers that order jobs, and the updates that are no jobs yet."""

from __future__ import annotations

from sqlalchemy import Connection, text

from shared.db.engine import Database

_DRAW = """
    SELECT array_agg(nextval(pg_get_serial_sequence('job', 'seq')))
    FROM generate_series(1, %(count)s)
"""
# Where SQLite keeps the last number of each table whose numbers are never given twice.
_SQLITE_DRAW = "UPDATE sqlite_sequence SET seq = seq + :count WHERE name = 'job' RETURNING seq"
_SQLITE_BEGIN = "INSERT INTO sqlite_sequence (name, seq) VALUES ('job', :count)"


def draw_numbers(database: Database, count: int) -> list[int]:
    """So many numbers for jobs to be, rising and never given twice; at least one.

    Raises:
        DatabaseAwayError: as `Database.write`.
    """
    if not database.on_sqlite:
        (numbers,) = database.write_at_once(_DRAW, {"count": count})
        return list(numbers)
    return database.write(lambda connection: draw_within(connection, count))


def draw_within(connection: Connection, count: int) -> list[int]:
    """The same within a transaction; none when none are asked for. On SQLite others wait for it."""
    if not count:
        return []
    if connection.dialect.name != "sqlite":
        return list(connection.exec_driver_sql(_DRAW, {"count": count}).scalar_one())
    last = _draw_on_sqlite(connection, count)
    return list(range(last - count + 1, last + 1))


def _draw_on_sqlite(connection: Connection, count: int) -> int:
    last: int | None = connection.execute(text(_SQLITE_DRAW), {"count": count}).scalar()
    if last is None:
        connection.execute(text(_SQLITE_BEGIN), {"count": count})
    return last or count
