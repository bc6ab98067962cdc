"""Who writes next, on SQLite."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.write_turn import begin_writing
from shared.errors import DatabaseAwayError
from tests.system import wait_for

# In seconds. SQLite's own pauses have grown to a tenth of a second by then, and one has just begun.
LONG = 0.35


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database whose writers wait for two seconds."""
    made = connect(f"sqlite:///{tmp_path / 'predictions.db'}", connections=1, wait=2.0)
    migrate(made)
    yield made
    made.close()


def write(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO lease VALUES ('a', 'b', 'c') ON CONFLICT DO NOTHING")


def test_what_is_committed_is_on_the_disk(database: Database) -> None:
    """A power cut loses no commit (SQLite documentation, PRAGMA synchronous: FULL is 2)."""
    for ask in (database.read, database.write):
        assert ask(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar_one()) == 2


def test_whoever_waited_long_is_next(database: Database) -> None:
    """The turn is taken when it is free, not a tenth of a second later."""
    delays = [_delay(database) for _ in range(7)]
    assert statistics.median(delays) < 0.03, delays


def _delay(database: Database) -> float:
    """How long after the end of a long turn the next one begins, in seconds."""
    waiting = threading.Event()
    begun: list[float] = []

    def wait() -> None:
        waiting.set()
        database.write(lambda c: begun.append(time.monotonic()))

    other = threading.Thread(target=wait)

    def hold(connection: Connection) -> None:
        write(connection)
        other.start()
        assert waiting.wait(5)
        since = time.monotonic()
        wait_for(lambda: time.monotonic() > since + LONG)

    database.write(hold)
    free = time.monotonic()
    other.join(5)
    return begun[0] - free


def test_no_turn_in_time(database: Database) -> None:
    """Whoever gets no turn is told so, after as long as it was to wait; then all is as before."""
    told: list[tuple[float, str]] = []

    def wait() -> None:
        since = time.monotonic()
        try:
            database.write(write)
        except DatabaseAwayError as error:
            told.append((time.monotonic() - since, str(error)))

    def hold(connection: Connection) -> None:
        write(connection)
        other = threading.Thread(target=wait)
        other.start()
        other.join(20)

    database.write(hold)
    [(seconds, text)] = told
    assert text == "the database is busy: a write could not get its turn"
    assert 2.0 <= seconds < 4.0
    database.write(write)


def test_another_fault_is_told_at_once(database: Database) -> None:
    """A transaction that has begun already is nothing to wait for."""

    def twice(connection: Connection) -> None:
        since = time.monotonic()
        with pytest.raises(OperationalError, match="within a transaction"):
            begin_writing(connection, 2.0)
        assert time.monotonic() - since < 1.0

    database.write(twice)
