"""A database that is not ours alone, or does not let us make our tables."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest
from alembic import command
from sqlalchemy import inspect

from local.ports import free_port
from shared.db.engine import Database, connect
from shared.db.migrate import alembic_config, migrate
from shared.db.migrations import HEAD
from shared.errors import REFUSED, SchemaError, StartError
from shared.setting_values import database_url
from shared.settings import CHECKOUT
from tests.ancestor import ANCESTORS_TABLE
from tests.system import INHERITED


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of database."""
    return str(request.param)


@pytest.fixture
def url(kind: str, new_database_url: Callable[[str], str]) -> str:
    """An empty database for each test."""
    return database_url(new_database_url(kind))


def tables(database: Database) -> list[str]:
    return database.read(lambda c: inspect(c).get_table_names())


@pytest.mark.parametrize("name", ["job", "lease", "cleared_job", "queuecast_model", "batch"])
def test_a_strangers_table_of_another_of_our_names(kind: str, url: str, name: str) -> None:
    """Refused by its name, with what can be done; and left as it was."""
    database = connect(url, 1, 10)
    database.write(lambda c: c.exec_driver_sql(f"CREATE TABLE {name} (wage INTEGER)"))
    place = "another file" if kind == "sqlite" else "search_path"
    with pytest.raises(SchemaError, match=f"table '{name}' that is not ours: .*{place}"):
        migrate(database)
    assert tables(database) == [name]
    database.close()


@pytest.mark.parametrize("revision", ["ae1027a6acf", "0001"])
def test_another_programs_revision(url: str, revision: str) -> None:
    """Under Alembic's own name, and as we might call ours: it stays, and ours is beside it."""
    database = connect(url, 1, 10)
    for statement in (
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        f"INSERT INTO alembic_version VALUES ('{revision}')",
    ):
        database.write(lambda c, statement=statement: c.exec_driver_sql(statement))  # type: ignore[misc]
    assert migrate(database) is True
    assert migrate(database) is False
    theirs = database.read(
        lambda c: c.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    )
    assert theirs == revision
    database.close()


@pytest.mark.parametrize("to", ["0003", HEAD])
def test_our_revision_under_its_earlier_name(kind: str, url: str, to: str) -> None:
    """What an earlier version of ours left is taken over, and its name is free for others."""
    database = connect(url, 1, 10)
    database.write(lambda c: command.upgrade(alembic_config(c), to))
    rename = "ALTER TABLE queuecast_version RENAME TO alembic_version"
    database.write(lambda c: c.exec_driver_sql(rename))
    if kind == "postgres":
        rename = "ALTER INDEX queuecast_version_pkc RENAME TO alembic_version_pkc"
        database.write(lambda c: c.exec_driver_sql(rename))
    assert migrate(database) is True
    assert migrate(database) is False
    others = "CREATE TABLE alembic_version (n INT, CONSTRAINT alembic_version_pkc PRIMARY KEY (n))"
    database.write(lambda c: c.exec_driver_sql(others))
    database.close()


FORBIDDEN = {
    "create": (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "permission denied for schema public.*GRANT CREATE",
    ),
    "read-only": ("ALTER ROLE {} SET default_transaction_read_only = on", "read-only.*primary"),
    "schema": ("ALTER ROLE {} SET search_path = nowhere", "no schema for our tables"),
    "owner": (
        f"GRANT CREATE ON SCHEMA public TO {{}}; {ANCESTORS_TABLE['postgres']}",
        "lacks a permission: must be owner",
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_does_not_let_us(
    new_database_url: Callable[[str], str], tmp_path: Path, what: str
) -> None:
    """One line with the reason and the cure, and the exit code of a bad setting."""
    url = new_database_url("postgres")
    role = f"role_{url.rpartition('/')[2]}"
    forbidding, text = FORBIDDEN[what]
    with psycopg2.connect(url) as admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN; {forbidding.format(role)}")
    admin.close()
    environment = {
        **INHERITED, "DATABASE_URL": url.replace("queuecast@", f"{role}@"),
        "REDIS_URL": "redis://127.0.0.1:1/0", "PORT": str(free_port()), "DATA_DIR": str(tmp_path),
    }  # fmt: skip
    for module, code in (("shared.db.migrate", 1), ("api", REFUSED), ("worker", REFUSED)):
        done = subprocess.run(
            [sys.executable, "-m", module], cwd=CHECKOUT, env=environment, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert re.search(text, done.stderr.splitlines()[-1]), done.stderr
    with psycopg2.connect(url) as admin, admin.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    admin.close()


def test_a_name_that_is_taken(url: str) -> None:
    """A stranger's index has the name of one of ours: said in one line."""
    database = connect(url, 1, 10)
    database.write(lambda c: c.exec_driver_sql("CREATE TABLE horse (n INT)"))
    database.write(lambda c: c.exec_driver_sql("CREATE INDEX job_started ON horse (n)"))
    with pytest.raises(StartError, match="job_started"):
        migrate(database)
    database.close()
