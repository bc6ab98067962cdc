"""What the database says, and whose fault that is, on real databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from local.ports import free_port
from shared.db import job_numbers
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.permissions import check_permissions
from shared.errors import (
    DatabaseAwayError,
    DatabaseFaultError,
    DatabaseForbidsError,
    DatabaseImpairedError,
    DatabaseRefusedError,
    UnknownCommitError,
)
from shared.setting_values import database_url

RAISE = "DO $$ BEGIN RAISE SQLSTATE '{}' USING MESSAGE = 'as it says'; END $$"


@pytest.fixture
def database(new_database_url: Callable[[str], str]) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database."""
    made = connect(database_url(new_database_url("postgres")), connections=2, wait=5.0)
    migrate(made)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("statement", "kind", "text"),
    [
        (RAISE.format("53100"), DatabaseImpairedError, "disk is full"),
        (RAISE.format("53200"), DatabaseImpairedError, "no memory"),
        (RAISE.format("58030"), DatabaseImpairedError, "cannot use its files: as it says"),
        (RAISE.format("XX001"), DatabaseImpairedError, "is damaged"),
        (RAISE.format("42501"), DatabaseForbidsError, "lacks a permission: as it says"),
        (RAISE.format("25006"), DatabaseForbidsError, "is read-only"),
        (RAISE.format("28000"), DatabaseForbidsError, "refuses the login"),
        (RAISE.format("57P03"), DatabaseAwayError, "does not answer"),
        (RAISE.format("53300"), DatabaseAwayError, "does not answer"),
        (RAISE.format("08006"), DatabaseAwayError, "does not answer"),
        ("SET statement_timeout = 50; SELECT pg_sleep(4)", DatabaseAwayError, "took too long"),
        ("SELECT 1 / 0", DatabaseRefusedError, "does not answer"),
        ("INSERT INTO lease VALUES (NULL, NULL, NULL)", DatabaseRefusedError, "does not answer"),
        ("SELECT no_such_function()", DatabaseFaultError, "no_such_function"),
        ("SELECT FROM no_such_table", DatabaseFaultError, "no_such_table"),
        ("SELCT", DatabaseFaultError, "SELCT"),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_what_postgres_says(
    database: Database,
    statement: str,
    kind: type[Exception],
    text: str,
    at_once: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each code is whose fault it is, in a transaction and in a message of its own. Only what is
    ours has a trace in the log; only what somebody has to mend is remembered, until a commit."""
    with pytest.raises(Exception, match=text) as caught:
        if at_once:
            database.write_at_once(statement, {})
        else:
            database.write(lambda c: c.exec_driver_sql(statement))
    assert type(caught.value) is kind
    assert any(r.exc_info for r in caplog.records) == (kind is DatabaseFaultError)
    mended_by_somebody = issubclass(kind, DatabaseImpairedError | DatabaseFaultError)
    assert (database.impairment is not None) == mended_by_somebody
    database.write(lambda c: None)
    assert database.impairment is None


def test_a_connection_that_is_lost(database: Database) -> None:
    """Before a commit nothing is committed. A message of its own may be, once it is sent."""
    lose = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(DatabaseAwayError, match="does not answer"):
        database.write(lambda c: c.exec_driver_sql(lose))
    with pytest.raises(UnknownCommitError):
        database.write_at_once(lose, {})


def test_nobody_listens() -> None:
    """A server that is stopped, however it is asked."""
    database = connect(f"postgresql+psycopg2://queuecast@127.0.0.1:{free_port()}/x", 1, 1.0)
    with pytest.raises(DatabaseAwayError, match="does not answer"):
        database.read(lambda c: c.exec_driver_sql("SELECT 1"))
    with pytest.raises(DatabaseAwayError, match="does not answer"):
        database.write_at_once("SELECT 1", {})
    with pytest.raises(DatabaseAwayError, match="does not answer"):
        job_numbers.draw_numbers(database, 1)


def test_a_login_that_is_refused_later(new_database_url: Callable[[str], str]) -> None:
    """A role that may no longer log in is named, and no silence."""
    url = new_database_url("postgres")
    admin = connect(database_url(url), 1, 5.0)
    admin.write(lambda c: c.exec_driver_sql("CREATE ROLE leaver LOGIN"))
    leaver = connect(database_url(url).replace("queuecast@", "leaver@"), 1, 5.0)
    leaver.read(lambda c: c.exec_driver_sql("SELECT 1").scalar())
    leaver.close()
    admin.write(lambda c: c.exec_driver_sql("ALTER ROLE leaver NOLOGIN"))
    with pytest.raises(DatabaseForbidsError, match=r"refuses the login.*not permitted to log in"):
        leaver.read(lambda c: c.exec_driver_sql("SELECT 1").scalar())
    with pytest.raises(DatabaseForbidsError, match=r"refuses the login.*not permitted to log in"):
        leaver.write_at_once("SELECT 1", {})
    admin.write(lambda c: c.exec_driver_sql("DROP ROLE leaver"))
    admin.close()


def test_permissions_are_asked_without_writing(new_database_url: Callable[[str], str]) -> None:
    """Read-only, or a permission that is not there: named in one line."""
    url = database_url(new_database_url("postgres"))
    database = connect(url, connections=1, wait=5.0)
    migrate(database)
    database.read(check_permissions)
    database.write(lambda c: c.exec_driver_sql("CREATE ROLE reader LOGIN"))
    database.write(lambda c: c.exec_driver_sql("GRANT SELECT ON job, lease, prediction TO reader"))
    reader = connect(url.replace("queuecast@", "reader@"), 1, 5.0)
    with pytest.raises(DatabaseForbidsError, match="DELETE on job, INSERT on job, UPDATE on job"):
        reader.read(check_permissions)
    reader.close()
    database.write(lambda c: c.exec_driver_sql("SET default_transaction_read_only = on"))
    with pytest.raises(DatabaseForbidsError, match="the database is read-only"):
        database.read(check_permissions)
    database.close()
    database.write(lambda c: c.exec_driver_sql("DROP OWNED BY reader; DROP ROLE reader"))


def test_a_sqlite_file_that_is_full(tmp_path: Path) -> None:
    """A full disk is named, and gone from the memory with the next commit."""
    database = connect(f"sqlite:///{tmp_path / 'full.db'}", 1, 1.0)
    migrate(database)

    def fill(connection: Connection, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        row = ("lease " * 9999,)
        connection.exec_driver_sql("INSERT INTO lease VALUES (?, 'x', '2000-01-01')", row)

    def is_remembered() -> bool:
        return database.impairment is not None

    with pytest.raises(DatabaseImpairedError, match="disk is full"):
        database.write(lambda c: fill(c, 1))
    assert is_remembered()
    database.write(lambda c: fill(c, 10**6))
    assert not is_remembered()
    database.close()


def test_what_sqlite_says(tmp_path: Path) -> None:
    """A wrong statement, a value, a lock, a read-only connection: each by itself."""
    file = tmp_path / "said.db"
    database = connect(f"sqlite:///{file}", 1, 0.2)
    migrate(database)
    with pytest.raises(DatabaseFaultError, match="no such table"):
        database.write(lambda c: c.exec_driver_sql("SELECT * FROM no_such_table"))
    with pytest.raises(DatabaseRefusedError):
        database.write(lambda c: c.exec_driver_sql("INSERT INTO lease VALUES (NULL, NULL, NULL)"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseAwayError, match="could not get its turn"):
        database.write(lambda c: None)
    other.close()

    def forbid(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = on")
        connection.exec_driver_sql("DELETE FROM lease")

    with pytest.raises(DatabaseForbidsError, match="read-only"):
        database.write(forbid)
    database.close()
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 40960)
    with pytest.raises(DatabaseImpairedError, match="damaged"):
        database.read(lambda c: c.exec_driver_sql("SELECT * FROM prediction").all())
    database.close()
