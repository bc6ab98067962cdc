"""SQLAlchemy's engines for the two databases, what each does when a transaction begins, and the
inserts that know conflicts."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shared.db.wait_limit import limit_waiting, limits_of_the_server
from shared.db.write_turn import begin_writing

# The driver that is shipped. Heroku writes `postgres://`, which SQLAlchemy refuses, and SQLAlchemy
# 2.1 would open a plain `postgresql://` with another one.
_DRIVER = "postgresql+psycopg2"
# A transaction that has told the server no limits yet.
_UNLIMITED = "queuecast_unlimited"
# What a firewall forgets, or a host that is gone, is found before it is needed; in seconds.
_KEEP_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3}


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert that may say what of a row that is there already, as both databases can."""
    return (sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert)(table)


def engine_for(url: str, connections: int, wait: float, read_only: bool) -> Engine:
    """An engine for the database at this URL.

    Raises:
        ArgumentError, ValueError: the URL cannot be understood.
    """
    if url.startswith("sqlite"):
        return on_sqlite(url, wait, read_only)
    return on_postgres(url, connections, wait, read_only)


def on_postgres(url: str, connections: int, wait: float, read_only: bool) -> Engine:
    """An engine of at most so many connections. Each call, and each wait for a connection, ends
    after `wait` seconds; the server is told so in front of a transaction's first statement, and
    that it is to refuse writes when this is `read_only`.

    Raises:
        ArgumentError, ValueError: the URL cannot be understood.
    """
    limit_waiting(wait)
    engine = create_engine(
        make_url(url).set(drivername=_DRIVER),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=wait,
        pool_use_lifo=True,
        # They are what clients sent, and errors are logged.
        hide_parameters=True,
        connect_args={"application_name": "queuecast", "connect_timeout": 5, **_KEEP_ALIVE},
    )

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        connection.info[_UNLIMITED] = True

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _first(
        connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        if connection.info.pop(_UNLIMITED, False):
            statement = limits_of_the_server() + statement
            if read_only:
                statement = f"SET TRANSACTION READ ONLY;{statement}"
        return statement, parameters

    return engine


def on_sqlite(url: str, wait: float, read_only: bool) -> Engine:
    """An engine whose writers wait for their turn for at most `wait` seconds; one that is
    `read_only` can neither write to the file nor make it.

    Raises:
        ArgumentError, ValueError: the URL cannot be understood.
    """
    options: dict[str, Any] = {"hide_parameters": True, "connect_args": {"timeout": wait}}
    if read_only:
        file = f"file:{quote(str(Path(make_url(url).database or '').absolute()))}?mode=ro"
        options["creator"] = lambda: sqlite3.connect(file, timeout=wait, uri=True)
    engine = create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def _opened(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN comes too late and is never IMMEDIATE.
        connection.isolation_level = None
        if not read_only:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        writes = connection.get_execution_options().get("queuecast_writes", False)
        # A reader that turns writer halfway cannot wait for its turn, so writers say so first.
        if writes:
            begin_writing(connection, wait)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine
