"""What PostgreSQL ends by itself: what was given up, and what a silent client holds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg2
import pytest
from sqlalchemy import Connection

from shared.db import predictions
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.wait_limit import allow_waiting
from shared.errors import DatabaseAwayError, UnknownCommitError
from shared.setting_values import database_url
from shared.settings import CHECKOUT
from tests.system import INHERITED, wait_for

OURS = "application_name = 'queuecast' AND datname = current_database()"
BUSY = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND {OURS}"


@pytest.fixture
def url(new_database_url: Callable[[str], str]) -> str:
    """A PostgreSQL database."""
    return database_url(new_database_url("postgres"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The database, migrated; waited for for a second."""
    made = connect(url, connections=4, wait=1.0)
    migrate(made)
    yield made
    made.close()


def ours_are_busy(url: str) -> int:
    """How many statements of ours the server has at work."""
    with psycopg2.connect(url.replace("+psycopg2", "")) as other, other.cursor() as cursor:
        cursor.execute(BUSY)
        found = cursor.fetchone()
    other.close()
    assert found is not None
    return int(found[0])


def sleep(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT pg_sleep(60)")


def sleep_later(connection: Connection) -> None:
    """The limit is the whole transaction's."""
    for _ in range(3):
        connection.exec_driver_sql("SELECT 1")
    sleep(connection)


@pytest.mark.parametrize(
    "give_up",
    [
        lambda database: database.write(sleep),
        lambda database: database.write(sleep_later),
        lambda database: database.read(sleep),
        lambda database: database.write_at_once("SELECT pg_sleep(60)", {}),
    ],
)
def test_what_was_given_up_does_not_go_on(
    url: str, database: Database, give_up: Callable[[Database], None]
) -> None:
    """Whoever gave up knows that nothing was committed, and leaves nothing at work."""
    began = time.monotonic()
    with pytest.raises(DatabaseAwayError, match="took too long") as caught:
        give_up(database)
    assert not isinstance(caught.value, UnknownCommitError)
    assert time.monotonic() - began < 1.5
    assert ours_are_busy(url) == 0


def test_the_limit_is_the_threads(database: Database) -> None:
    """A migration may take longer; who has the connection next may not."""
    with allow_waiting(10):
        database.write(lambda c: c.exec_driver_sql("SELECT pg_sleep(1.2)"))
        database.write_at_once("SELECT pg_sleep(1.2)", {})
    with pytest.raises(DatabaseAwayError, match="took too long"):
        database.write(sleep)


def test_a_session_keeps_nothing(database: Database) -> None:
    """A pooler may give the session to somebody else after each transaction."""

    def shown(name: str) -> str:
        return str(database.write_at_once(f"SELECT current_setting('{name}')", {})[0])

    database.write(lambda c: c.exec_driver_sql("SELECT 1"))
    assert (shown("statement_timeout"), shown("idle_in_transaction_session_timeout")) == (
        "750ms", "5s",
    )  # fmt: skip
    plain = database._engine.raw_connection()
    cursor = plain.cursor()
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == ("0",)
    plain.close()


HOLD = """
import sys, time
from shared.db import predictions
from shared.db.engine import connect
database = connect(sys.argv[1], 1, 10.0)

def store(connection):
    predictions.wait_for_storing(connection)
    print("holds", flush=True)
    # The test goes on when it has stopped this process.
    sys.stdin.readline()
    connection.exec_driver_sql("INSERT INTO lease VALUES ('a', 'frozen', now())")

database.write(store)
print("stored", flush=True)
"""


def test_a_silent_client_holds_nothing(url: str, database: Database) -> None:
    """A process that is frozen in a transaction, as one whose host is gone, loses the lock that it
    holds. When it goes on it finds that out, and does its transaction again."""
    frozen = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], cwd=CHECKOUT, env=INHERITED, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert frozen.stdin is not None
    assert frozen.stdout is not None
    try:
        assert frozen.stdout.readline() == "holds\n"
        frozen.send_signal(signal.SIGSTOP)

        def is_free() -> bool:
            try:
                database.write(predictions.wait_for_storing)
            except DatabaseAwayError:
                return False
            return True

        assert not is_free()
        wait_for(is_free, 30, "the lock is free")
        frozen.stdin.write("\n\n")
        frozen.stdin.flush()
        frozen.send_signal(signal.SIGCONT)
        assert frozen.stdout.readline() == "holds\n"
        assert frozen.stdout.readline() == "stored\n"
        assert frozen.wait(10) == 0
    finally:
        frozen.kill()
        frozen.wait()
        frozen.stdin.close()
        frozen.stdout.close()
    holders = database.read(lambda c: c.exec_driver_sql("SELECT holder FROM lease").scalars().all())
    assert holders == ["frozen"]
