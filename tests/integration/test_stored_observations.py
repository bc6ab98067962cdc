"""How stored observations are read to be scored again: each once, by pages, and without a write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, event, make_url, text

from shared.db import stored_observations
from shared.db.engine import Database
from shared.db.migrate import migrate, refuse_other_schema
from shared.db.selection import Selection
from shared.db.stored_observations import extent, observation_ids, pages
from shared.errors import DatabaseForbidsError, SchemaError, StartError
from tests.integration.stored_titanic import opened

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = 30
_INSERT = text(
    "INSERT INTO prediction (observation_id, observation, proba, true_class,"
    " observation_id_is_text, model_version, predicted_at)"
    " VALUES (:key, :body, :proba, :label, :is_text, :version, :at)"
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, new_database_url: Callable[[str], str]) -> str:
    """A database of each kind with `ROWS` rows, an hour apart; the first is the ancestor's."""
    made = new_database_url(request.param)
    database = opened(made)
    migrate(database)
    rows = [
        {
            "key": f"{n}",
            "body": f'{{"id": {n}, "observation": {{}}}}',
            "proba": n / 100,
            "label": "1" if n % 3 == 0 else None,
            "is_text": n % 2 == 1,
            "version": "second" if n >= 20 else "first" if n else None,
            "at": str(BEGAN + timedelta(hours=n))[:19] + ".000000" if n else None,
        }
        for n in range(ROWS)
    ]
    database.write(lambda c: c.execute(_INSERT, rows))
    database.close()
    return made


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The same for a reader."""
    made = opened(url, read_only=True)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("selection", "newest", "numbers"),
    [
        (Selection(), None, range(ROWS)),
        (Selection(since=BEGAN + timedelta(hours=4)), None, range(4, ROWS)),
        (Selection(until=BEGAN + timedelta(hours=4)), None, range(1, 4)),
        (Selection(model_version="second"), None, range(20, ROWS)),
        (Selection(labelled=True), None, range(0, ROWS, 3)),
        (Selection(), 7, range(ROWS - 7, ROWS)),
        (Selection(model_version="first", labelled=True), 2, (15, 18)),
        (Selection(model_version="third"), None, ()),
        (Selection(), 10**15, range(ROWS)),
    ],
)
def test_selected(
    database: Database, selection: Selection, newest: int | None, numbers: Any
) -> None:
    """Each row once, oldest first, and no other; the extent says how many and when."""
    wanted = list(numbers)
    within = extent(database, selection, newest)
    assert within.rows == len(wanted)
    found = [row for page in pages(database, selection, within) for row in page]
    assert [row.proba for row in found] == [n / 100 for n in wanted]
    assert [row.true_class for row in found] == [None if n % 3 else 1 for n in wanted]
    ids = observation_ids(database, [row.row_id for row in found])
    assert [ids[row.row_id] for row in found] == [str(n) if n % 2 else n for n in wanted]
    if wanted:
        assert within.latest == BEGAN + timedelta(hours=wanted[-1])
        assert within.earliest == BEGAN + timedelta(hours=next(n for n in wanted if n))


@pytest.mark.parametrize(("rows", "size", "sizes"), [(7, 10**6, [7, 7, 7, 7, 2]), (9, 80, None)])
def test_pages_are_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch, rows: int, size: int, sizes: Any
) -> None:
    """By their rows, and by their bytes; one row that is larger than a page is a page."""
    monkeypatch.setattr(stored_observations, "PAGE_ROWS", rows)
    monkeypatch.setattr(stored_observations, "PAGE_BYTES", size)
    found = list(pages(database, Selection(), extent(database, Selection())))
    assert [row.row_id for page in found for row in page] == list(range(1, ROWS + 1))
    assert sizes is None or [len(page) for page in found] == sizes
    assert all(sum(len(row.body) for row in page) <= max(size, 28) for page in found)
    monkeypatch.setattr(stored_observations, "PAGE_BYTES", 1)
    found = list(pages(database, Selection(), extent(database, Selection())))
    assert [len(page) for page in found] == [1] * ROWS


def test_what_comes_later_is_not_read(database: Database) -> None:
    """A replay ends, however many are predicted meanwhile."""
    within = extent(database, Selection())
    earlier = stored_observations.Extent(20, 1, 20, None, None)
    assert within.last == ROWS
    found = [row for page in pages(database, Selection(), earlier) for row in page]
    assert [row.row_id for row in found] == list(range(1, 21))


def test_pages_are_found_by_the_primary_key(database: Database) -> None:
    """The next page costs no more than the first, in a table of any size."""
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        next(pages(database, Selection(), extent(database, Selection())))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    asked = [(s, p) for s, p in sent if "count(*)" not in s and "SELECT" in s]
    assert len(asked) == 2
    for statement, parameters in asked:
        plan = database.read(lambda c, s=statement, p=parameters: _plan(c, s, p))  # type: ignore[misc]
        assert re.search(r"INTEGER PRIMARY KEY \(rowid>|Index Cond: \(\(id >", plan), plan


def _plan(connection: Connection, statement: str, parameters: Any) -> str:
    bare = statement[statement.index("SELECT") :]
    if connection.dialect.name == "sqlite":
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {bare}", parameters).all())
    # So few rows are read at once; what counts is that they could be found otherwise.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return str(connection.exec_driver_sql(f"EXPLAIN {bare}", parameters).all())


@pytest.mark.parametrize(
    "statement",
    ["UPDATE prediction SET proba = 1", "DELETE FROM prediction", "CREATE TABLE new (x integer)",
     "INSERT INTO lease VALUES ('a', 'b', '2026-01-01')"],
)  # fmt: skip
def test_a_reader_cannot_write(database: Database, statement: str) -> None:
    """The database itself refuses it, whichever way it is asked."""
    for run in (database.read, database.write):
        with pytest.raises(DatabaseForbidsError, match="read-only"):
            run(lambda c: c.execute(text(statement)))


def test_a_role_that_may_only_select(new_database_url: Callable[[str], str]) -> None:
    """It needs no more."""
    made = new_database_url("postgres")
    database = opened(made)
    migrate(database)
    database.close()
    name = f"only_select_{make_url(made).database}"
    connection = psycopg2.connect(made)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'reads'")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    connection.close()
    url = make_url(made).set(username=name, password="reads")
    reader = opened(url.render_as_string(hide_password=False), read_only=True)
    refuse_other_schema(reader)
    assert reader.read(lambda c: c.execute(text("SELECT current_user")).scalar()) == name
    assert extent(reader, Selection()).rows == 0
    reader.close()


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    """A name that is misspelt is said, and nothing is made under it."""
    missing = tmp_path / "missing.db"
    database = opened(f"sqlite:///{missing}", read_only=True)
    with pytest.raises(StartError, match="there is no such file"):
        refuse_other_schema(database)
    assert not list(tmp_path.iterdir())


def test_a_schema_that_is_not_ours(tmp_path: Path) -> None:
    """It is not brought up to date by who only reads; the line says who does that."""
    file = tmp_path / "empty.db"
    file.touch()
    database = opened(f"sqlite:///{file}", read_only=True)
    with pytest.raises(SchemaError, match=r"none of ours, not at .* shared.db.migrate"):
        refuse_other_schema(database)
    assert file.read_bytes() == b""
