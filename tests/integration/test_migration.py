"""The schema: made new, taken over from the ancestor, by several at once, or refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, inspect

from shared.db.engine import Database, connect
from shared.db.listing import page
from shared.db.migrate import alembic_config, migrate
from shared.db.migrations import HEAD
from shared.db.predictions import Prediction, find
from shared.db.predictions import insert as insert_predictions
from shared.db.tables import METADATA
from shared.errors import SchemaError, StartError
from shared.observation_id import ObservationId
from shared.setting_values import database_url
from shared.settings import CHECKOUT
from tests.ancestor import RELATIVES, make_ancestor, make_relative
from tests.system import INHERITED


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of database."""
    return str(request.param)


@pytest.fixture
def url(kind: str, new_database_url: Callable[[str], str]) -> str:
    """An empty database for each test."""
    return database_url(new_database_url(kind))


def listed(database: Database) -> list[tuple[Any, ...]]:
    """The rows as clients see them: the ancestor's five columns."""
    rows = database.read(lambda connection: page(connection, 0, 10**6, 100))
    names = ("id", "observation_id", "observation", "proba", "true_class")
    return [tuple(row[name] for name in names) for row in rows]


def tables_of(url: str) -> dict[str, Any]:
    """Tables, columns with type and nullability, and indexes, as the database tells them."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    inspector = inspect(engine)
    found = {
        table: (
            {c["name"]: (str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)},
            sorted((i["name"] or "", tuple(i["column_names"]), bool(i["unique"]))
                   for i in inspector.get_indexes(table)),
        )
        for table in inspector.get_table_names()
        if table != "queuecast_version"
    }  # fmt: skip
    engine.dispose()
    return found


def test_new_database(kind: str, url: str, new_database_url: Callable[[str], str]) -> None:
    """The migrations make what shared/db/tables.py describes, once; then there is nothing to do."""
    database = connect(url, 1, 10)
    assert migrate(database) is True
    assert migrate(database) is False
    database.close()
    described = database_url(new_database_url(kind))
    engine = create_engine(described.replace("postgresql:", "postgresql+psycopg2:"))
    METADATA.create_all(engine)
    engine.dispose()
    assert tables_of(url) == tables_of(described)


def test_each_earlier_schema(url: str) -> None:
    """A database that an earlier version left comes to the same schema."""
    expected = connect(url, 1, 10)
    migrate(expected)
    expected.close()
    newest = tables_of(url)
    scripts = ScriptDirectory(str(CHECKOUT / "shared" / "db" / "migrations")).walk_revisions()
    for to in [script.revision for script in scripts if script.revision != HEAD]:
        database = connect(url, 1, 10)
        database.write(_empty)
        database.write(lambda c, to=to: command.upgrade(alembic_config(c), to))  # type: ignore[misc]
        assert migrate(database) is True
        database.close()
        assert tables_of(url) == newest


def _empty(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("DROP FUNCTION queuecast_store, queuecast_store_piece")
    for table in inspect(connection).get_table_names():
        connection.exec_driver_sql(f"DROP TABLE {table}")


def test_head_is_the_newest_script() -> None:
    """The constant that saves loading Alembic says what Alembic would."""
    config = Config()
    config.set_main_option("script_location", str(CHECKOUT / "shared" / "db" / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_taking_over_the_ancestor(kind: str, url: str) -> None:
    """Rows stay, print as they did, and the tables are the same as in a new database."""
    before = make_ancestor(kind, url)
    database = connect(url, 1, 10)
    assert migrate(database) is True
    assert listed(database) == before
    database.close()
    found = tables_of(url)
    assert set(found) == set(MetaData().tables) | {
        "prediction",
        "job",
        "lease",
        "queuecast_deployment",
        "cleared_job",
        "queuecast_model",
        "batch",
        "batch_piece",
    }
    assert {k: v[0] for k, v in found["prediction"][0].items()}["observation_id"] == "TEXT"
    if kind == "postgres":
        assert found["prediction"][0]["id"][0] == "BIGINT"
        assert found["prediction"][0]["proba"][0] == "DOUBLE PRECISION"


@pytest.mark.parametrize("relative", RELATIVES)
def test_taking_over_a_relative(kind: str, url: str, relative: str) -> None:
    """Text ids and true classes of other kinds print as they did, and are found by their ids."""
    before = make_relative(kind, url, relative)
    database = connect(url, 1, 10)
    assert migrate(database) is True
    assert listed(database) == before
    assert [type(row[1]) for row in listed(database)] == [type(row[1]) for row in before]
    for row in before:
        found = database.read(lambda c, key=str(row[1]): find(c, [key]))  # type: ignore[misc]
        assert found[str(row[1])].proba == row[3]
    database.close()


def test_what_an_earlier_version_took_over(url: str) -> None:
    """A relative's rows that its listing failed at, or showed as numbers, are mended."""
    database = connect(url, 1, 10)
    database.write(lambda c: command.upgrade(alembic_config(c), "0003"))
    rows = [
        ("007", "survived", None), ("a b", None, None), ("7", "1", None), ("-5", '"x"', None),
        ("0", "true", None), ("1" * 30, "1.5", None), ("-", "007", None), ("x", "NaN", None),
        ("ours", '"no"', "request"),
    ]  # fmt: skip
    for number, (key, true_class, request_id) in enumerate(rows, 1):
        values = (number, key, true_class, request_id, request_id is not None)
        shown = ", ".join("NULL" if value is None else repr(value) for value in values)
        insert = (
            "INSERT INTO prediction (id, observation_id, true_class, request_id, "
            f"observation_id_is_text, observation, proba) VALUES ({shown}, '{{}}', 0.5)"
        )
        database.write(lambda c, insert=insert: c.exec_driver_sql(insert))  # type: ignore[misc]
    assert migrate(database) is True
    assert [(row[1], row[4]) for row in listed(database)] == [
        ("007", "survived"), ("a b", None), (7, 1), (-5, "x"), (0, True), ("1" * 30, 1.5),
        ("-", "007"), ("x", "NaN"),
        ("ours", "no"),
    ]  # fmt: skip
    database.close()


def test_rows_of_before_answers(kind: str, url: str) -> None:
    """Stay what they were, numbers included, and the next row has the next one; a worker of the
    version before stores beside a new one."""
    database = connect(url, 1, 10)
    database.write(lambda c: command.upgrade(alembic_config(c), "0007"))
    for number in (3, 8):
        insert = (
            "INSERT INTO prediction (id, observation_id, observation_id_is_text, observation, "
            f"proba, true_class, model_version) VALUES ({number}, '{number}', false, 'body', "
            "0.1, '1', 'v')"
        )
        database.write(lambda c, insert=insert: c.exec_driver_sql(insert))  # type: ignore[misc]
    if kind == "postgres":
        database.write(lambda c: c.exec_driver_sql("SELECT setval('prediction_id_seq', 8)"))
    assert migrate(database) is True
    assert listed(database) == [(n, n, "body", 0.1, 1) for n in (3, 8)]
    if kind == "postgres":
        old = (
            "SELECT queuecast_store(1, '{}', '{}', '{r}', '{9}', '{false}', '{body}', '{0.5}', 'v')"
        )
        assert database.write(lambda c: c.exec_driver_sql(old).scalar()) == 1
    else:
        made = [Prediction("r", ObservationId("9", False), "body", 0.5, "v")]
        assert database.write(lambda c: insert_predictions(c, made)) == 1
    assert listed(database)[2:] == [(9, 9, "body", 0.5, None)]
    database.close()


@pytest.mark.parametrize("ancestor", [False, True])
def test_processes_that_start_at_once(kind: str, url: str, ancestor: bool) -> None:
    """Six release steps at the same moment: all succeed, one does it, nothing is lost."""
    before = make_ancestor(kind, url) if ancestor else []
    command = [sys.executable, "-m", "shared.db.migrate"]
    environment = {**INHERITED, "DATABASE_URL": url}

    def run(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
        )

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(run, range(6)))
    assert [d.returncode for d in done] == [0] * 6, [d.stderr for d in done]
    assert sum("is now at" in d.stderr for d in done) == 1
    database = connect(url, 1, 10)
    assert listed(database) == before
    database.close()


def test_a_newer_schema_is_refused(url: str) -> None:
    """One line that names both revisions."""
    database = connect(url, 1, 10)
    migrate(database)
    database.write(lambda c: c.exec_driver_sql("UPDATE queuecast_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match=rf"'9999'.*{HEAD}.*newer"):
        migrate(database)
    database.close()


def test_a_strangers_table_is_refused(url: str) -> None:
    """A `prediction` table that is not the ancestor's is left alone."""
    database = connect(url, 1, 10)
    database.write(lambda c: c.exec_driver_sql("CREATE TABLE prediction (id INTEGER, horse TEXT)"))
    with pytest.raises(SchemaError, match="horse"):
        migrate(database)
    database.close()


MIGRATE_APART = """
import sys
from shared.db.engine import connect
from shared.errors import SchemaError
from shared.db.migrate import migrate_apart
database = connect(sys.argv[1], 1, 10)
try:
    print(migrate_apart(database), migrate_apart(database), "alembic" in sys.modules)
except SchemaError as error:
    print("refused:", error)
"""


def test_in_a_process_of_its_own(url: str) -> None:
    """As in this one, a refusal too; and nothing of it stays loaded."""

    def run() -> str:
        command = [sys.executable, "-c", MIGRATE_APART, url]
        return subprocess.check_output(command, cwd=CHECKOUT, env=INHERITED, text=True)

    assert run() == "True False False\n"
    database = connect(url, 1, 10)
    database.write(lambda c: c.exec_driver_sql("UPDATE queuecast_version SET version_num = '9999'"))
    database.close()
    assert run().startswith("refused: the database's schema is at revision '9999'")


def test_refused_logins(postgres_server: Any) -> None:
    """A database that does not exist is a refusal for good, in one line without a password."""
    url = database_url(postgres_server.url("nowhere")).replace("@", ":hunter2@")
    database = connect(url, 1, 10)
    with pytest.raises(StartError, match='"nowhere" does not exist') as caught:
        migrate(database)
    assert "hunter2" not in str(caught.value)
    database.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """SQLite's refusal, in one line."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at\n" * 30)
    database = connect(f"sqlite:///{file}", 1, 10)
    with pytest.raises(StartError, match="not a database"):
        migrate(database)
    database.close()
    missing = connect(f"sqlite:///{tmp_path / 'nowhere' / 'file.db'}", 1, 10)
    with pytest.raises(StartError, match="no folder"):
        migrate(missing)
