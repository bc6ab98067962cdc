"""Pages of a selection: each chosen row once, and no query that reads more than a stretch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from shared.db import listing
from shared.db.engine import Database, connect
from shared.db.listing import STRETCH_ROWS, pages
from shared.db.migrate import migrate
from shared.db.selection import EVERYTHING, Selection
from shared.settings import Settings

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = 45_000
# Of rows that are numbered 10, 20, 30, …, a second apart: "new" from 40,001 on, but for one at the
# beginning; every third is labelled, and the first hundred are the ancestor's.
_FILL = """
INSERT INTO prediction (id, observation_id, observation, proba, observation_id_is_text,
                        true_class, model_version, predicted_at)
SELECT 10 * n, 'of ' || n, '{{}}', 0.5, {true}, CASE WHEN n - n / 3 * 3 = 0 THEN '1' END,
       CASE WHEN n = 150 OR n > 40000 THEN 'new' WHEN n > 100 THEN 'old' END,
       CASE WHEN n > 100 THEN {moment} END
FROM {numbers}
"""
_WORDS = {
    "postgres": {
        "true": "true",
        "moment": f"timestamptz '{BEGAN.isoformat()}' + make_interval(secs => n)",
        "numbers": f"generate_series(1, {ROWS}) AS n",
    },
    "sqlite": {
        "true": "1",
        "moment": f"strftime('%Y-%m-%d %H:%M:%f000', '{BEGAN:%Y-%m-%d %H:%M:%S}', n || ' seconds')",
        "numbers": "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s"
        f" WHERE n < {ROWS}) SELECT n FROM s)",
    },
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str]
) -> Iterator[Database]:
    """A database of each kind with many rows, and gaps between their numbers."""
    url = Settings.from_environment({"DATABASE_URL": new_database_url(request.param)}).database_url
    made = connect(url, connections=1, wait=60.0)
    migrate(made)
    made.write(lambda c: c.execute(text(_FILL.format(**_WORDS[request.param]).replace(":", "\\:"))))
    if not made.on_sqlite:
        made.write(lambda c: c.exec_driver_sql("ANALYZE prediction"))
    yield made
    made.close()


def at(number: int) -> datetime:
    """When this row was predicted."""
    return BEGAN + timedelta(seconds=number)


def listed(database: Database, selection: Selection, after: int = 0, limit: int = 10**9) -> Any:
    """The numbers of the rows, from 1 to `ROWS`."""
    until = listing.settled_until(database)
    found = pages(database, after, until, limit, selection)
    return [row["id"] // 10 for page in found for row in page]


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        (EVERYTHING, range(1, ROWS + 1)),
        (Selection(since=at(44_000)), range(44_000, ROWS + 1)),
        (Selection(until=at(300)), range(101, 300)),
        (Selection(since=at(19_999), until=at(20_002)), range(19_999, 20_002)),
        (Selection(model_version="new"), [150, *range(40_001, ROWS + 1)]),
        (Selection(model_version="none"), []),
        (Selection(labelled=True), range(3, ROWS + 1, 3)),
        (Selection(labelled=False, since=at(44_990)), [n for n in range(44_990, 45_001) if n % 3]),
        (Selection(at(1000), at(2000), "old", True), range(1002, 2000, 3)),
    ],
)
def test_selected(database: Database, selection: Selection, numbers: Any) -> None:
    """Each row once, oldest first, and no other; also by whoever takes a few and goes on."""
    wanted = list(numbers)
    assert listed(database, selection) == wanted
    assert listed(database, selection, limit=7) == wanted[:7]
    middle = len(wanted) // 2
    after = 10 * wanted[middle] if wanted else 0
    assert listed(database, selection, after=after, limit=3) == wanted[middle + 1 :][:3]


def test_whoever_reads_has_a_turn(database: Database) -> None:
    """Where nothing was asked for, an empty page comes for each stretch."""
    until = listing.settled_until(database)
    found = list(pages(database, 0, until, 10**9, Selection(model_version="none")))
    assert found == [[]] * 5


def test_no_query_reads_the_table(database: Database) -> None:
    """Each is bounded by the primary key, and reads no more than a stretch."""
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for selection in (
            Selection(model_version="new"), Selection(since=at(44_000)), Selection(labelled=True)
        ):  # fmt: skip
            found = pages(database, 1000, 10 * ROWS, 10**9, selection)
            assert len([next(found), next(found)]) == 2
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    asked = [(s, p) for s, p in sent if re.search(r"SELECT .*prediction", s, re.S)]
    assert len(asked) >= 9
    for statement, parameters in asked:
        plan = database.read(lambda c, s=statement, p=parameters: _plan(c, s, p))  # type: ignore[misc]
        if database.on_sqlite:
            assert "SEARCH prediction USING" in plan and "rowid>?" in plan, plan
            assert "SCAN prediction" not in plan, plan
        else:
            assert "Seq Scan" not in plan and "(id >" in plan, plan
            counts = re.findall(r"actual rows=(\d+)|Removed by Filter: (\d+)", plan)
            assert counts and max(int(a or b) for a, b in counts) <= STRETCH_ROWS, plan


def _plan(connection: Connection, statement: str, parameters: Any) -> str:
    bare = statement[statement.index("SELECT") :]
    explain = (
        "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "sqlite"
        else "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF)"
    )
    rows = connection.exec_driver_sql(f"{explain} {bare}", parameters)
    return "\n".join(str(row) for row in rows)
