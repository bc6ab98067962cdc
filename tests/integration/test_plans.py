"""How the databases carry out the queries on the `job` table: always by an index that the
conditions bound, so that jobs which have ended cost nothing, however many they are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from shared.db import (
    backlog,
    dead_jobs,
    ended_jobs,
    job_claims,
    jobs,
    leases,
    lost_jobs,
    piece_labels,
    refused_jobs,
)
from shared.db.cleared_jobs import among_cleared
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.tables import CLEARED_JOB
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Outcome, Request, new_request_id
from shared.settings import CHECKOUT, Settings

Explained = tuple[str, Any]

# 200,000 ended jobs a second apart, of which 200 are dead letters, then 900 unfinished ones: every
# other one is running and every third is on the interactive lane. `n - n / 3 * 3` because a `%`
# means more to psycopg2.
FILL = """
INSERT INTO job (job_id, kind, lane, status, observation_id, observation_id_is_text, body,
                 attempts, submitted_at, published_at, started_at, leased_until, finished_at,
                 status_code, outcome)
SELECT 'job-' || n, 'predict',
       CASE n - n / 3 * 3 WHEN 0 THEN 'queuecast.interactive' ELSE 'queuecast.deferred' END,
       CASE WHEN n <= 200000 AND n - n / 999 * 999 = 2 THEN 'failed'
            WHEN n <= 200000 THEN 'succeeded' WHEN n / 2 * 2 = n THEN 'running' ELSE 'queued' END,
       'key-' || n, {true}, '{{}}',
       CASE WHEN n <= 200000 OR n / 2 * 2 = n THEN 1 + n - n / 3 * 3 ELSE 0 END,
       {moment}, {moment}, CASE WHEN n <= 200000 OR n / 2 * 2 = n THEN {moment} END,
       CASE WHEN n > 200000 AND n / 2 * 2 = n THEN {moment} END,
       CASE WHEN n <= 200000 THEN {moment} END, 200, '{{}}'
FROM {numbers}
"""
POSTGRES = {
    "true": "true",
    "moment": "now() - make_interval(secs => 200900 - n)",
    "numbers": "generate_series(1, 200900) AS n",
}
SQLITE = {
    "true": "1",
    "moment": "strftime('%Y-%m-%d %H:%M:%f000', 'now', (n - 200900) || ' seconds')",
    "numbers": "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s"
    " WHERE n < 200900) SELECT n FROM s)",
}

# Of these indexes all of it may be walked: they hold nothing but unfinished jobs, dead letters.
OF_FEW = {"job_unfinished", "job_unfinished_observation", "job_dead"}
# What must bound the others; `lane` alone would leave most of the table.
BOUND_BY = {
    "job_finished": r"finished_at ?[<>]",
    "job_emptied": r"finished_at ?[<>]",
    "job_started": r"started_at ?>",
    "job_job_id": r"job_id ?=",
    "job_pkey": r"seq ?=",
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str]
) -> Iterator[Database]:
    """A database of each kind with many ended jobs and some unfinished ones."""
    url = Settings.from_environment({"DATABASE_URL": new_database_url(request.param)}).database_url
    made = connect(url, connections=1, wait=60.0)
    migrate(made)
    words = SQLITE if made.on_sqlite else POSTGRES
    made.write(lambda c: c.exec_driver_sql(FILL.format(**words)))
    if not made.on_sqlite:
        made.write(lambda c: c.exec_driver_sql("ANALYZE job"))
    yield made
    made.close()


def _request(name: str) -> Request:
    return Request(name, Kind.PREDICT, ObservationId(name, True), "{}", True)


def _ids(*numbers: int) -> list[str]:
    return [f"job-{n}" for n in numbers]


def _keys(*numbers: int) -> list[str]:
    return [f"key-{n}" for n in numbers]


NOW = datetime.now(UTC)
LONG_AGO, AN_HOUR_AGO = NOW - timedelta(days=2), NOW - timedelta(hours=1)
UNFINISHED = (200_501, 200_502, 200_503)
QUERIES: dict[str, Callable[[Connection], object]] = {
    "accept": lambda c: jobs.accept(c, [_request("new")], Lane.DEFERRED, None),
    "known": lambda c: jobs.known(c, _ids(5, 200_501)),
    "claim": lambda c: job_claims.claim(c, _ids(*UNFINISHED), "group", 60.0, False),
    "claim alone": lambda c: job_claims.claim(c, _ids(200_504), "group", 60.0, True),
    "lock": lambda c: jobs.lock(c, _ids(*UNFINISHED), _keys(7, *UNFINISHED)),
    "lock of updates": lambda c: jobs.lock(c, (), _keys(7, *UNFINISHED)),
    "any_of": lambda c: jobs.any_of(c, _ids(1, 200_501), _keys(7, 8)),
    "finish": lambda c: jobs.finish(c, [Outcome("job-200505", 200, {})]),
    "cancel": lambda c: jobs.cancel(c, "job-200507"),
    "find": lambda c: jobs.find(c, "job-5"),
    "find_all": lambda c: jobs.find_all(c, _ids(5, 200_501)),
    "unfinished": lambda c: jobs.unfinished(c, _keys(7, 200_511)),
    "end_leases": lambda c: job_claims.end_leases(c, _ids(200_502, 200_503), "group"),
    "give_back": lambda c: job_claims.give_back(c, _ids(200_502, 200_503), "group"),
    "backlog": lambda c: backlog.backlog(c, 22_001),
    "ended_within": lambda c: backlog.ended_within(c, 10.0),
    "set_aside": lambda c: lost_jobs.set_aside(c, 100),
    **{
        f"return_lost {lane} {empty}": lambda c, lane=lane, empty=empty: lost_jobs.return_lost(  # type: ignore[misc]
            c, lane, empty, 10.0, 100
        )
        for lane in Lane
        for empty in (False, True)
    },
    "clear_finished": lambda c: ended_jobs.clear_finished(c, 86_400.0, 1000),
    "clear_finished since": lambda c: ended_jobs.clear_finished(c, 86_400.0, 1000, LONG_AGO),
    "clear_finished emptied": lambda c: ended_jobs.clear_finished(c, 86_400.0, 1000, None, True),
    "dead_letters": dead_jobs.dead_letters,
    "refused_predictions": lambda c: refused_jobs.refused_predictions(c, AN_HOUR_AGO, NOW, 500),
    "replay": lambda c: dead_jobs.replay(c, _ids(199_802, 199_803)),
    "coming": lambda c: piece_labels.coming(c, _keys(7, 200_511)),
    "label": lambda c: piece_labels.label(c, {"key-7": 1}, 5),
    "hold": lambda c: leases.hold(c, "plans", "me", 60.0),
    "hold of another": lambda c: leases.hold(c, "plans", "you", 60.0),
    "release": lambda c: leases.release(c, "plans", "me"),
}  # fmt: skip
# The modules that have queries on the table.
MODULES = (
    backlog, dead_jobs, ended_jobs, job_claims, jobs, lost_jobs, piece_labels, refused_jobs,
)  # fmt: skip


@pytest.fixture
def sent(database: Database) -> Iterator[list[Explained]]:
    """What goes to the database, as the driver gets it."""
    statements: list[Explained] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append(
            (statement, parameters[0] if isinstance(parameters, list) else parameters)
        )

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUERIES)
def test_bounded_by_an_index(database: Database, sent: list[Explained], name: str) -> None:
    """No statement reads the table, or all of an index that ended jobs are in."""
    database.write(QUERIES[name])
    asked = [
        (s, p)
        for s, p in sent
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", s) and "clock_timestamp() AS" not in s
    ]
    assert asked
    for statement, parameters in asked:
        _, _, condition = statement.partition("WHERE")
        assert "clock_timestamp" not in condition, statement
        for index, bound in database.read(
            lambda c, s=statement, p=parameters: list(_accesses(c, s, p))  # type: ignore[misc]
        ):
            if index not in OF_FEW:
                message = f"{statement}\nreads {index or 'the table'} by {bound!r}"
                assert index in BOUND_BY, message
                assert re.search(BOUND_BY[index], bound), message


def test_cleared_ids_are_found_by_an_index(database: Database, sent: list[Explained]) -> None:
    """One period of ids is read, of the ten thousand that there are."""
    periods = [{"period": period, "marks": b"12345678"} for period in range(10_000)]
    database.write(lambda c: c.execute(CLEARED_JOB.insert(), periods))
    if not database.on_sqlite:
        database.write(lambda c: c.exec_driver_sql("ANALYZE cleared_job"))
    sent.clear()
    assert database.read(lambda c: among_cleared(c, [new_request_id()])) == set()
    (statement, parameters) = sent[-1]
    explain = "EXPLAIN QUERY PLAN" if database.on_sqlite else "EXPLAIN"
    plan = database.read(lambda c: c.exec_driver_sql(f"{explain} {statement}", parameters).all())
    assert "cleared_job_period" in str(plan), plan


def test_every_query_is_looked_at() -> None:
    """A new query on the `job` table gets a line above, and a new module of such queries one in
    `MODULES`."""
    using = {p.stem for p in (CHECKOUT / "shared" / "db").glob("*.py") if _uses_jobs(p)}
    assert using == {module.__name__.rpartition(".")[2] for module in MODULES} | {"job_rows"}
    functions = {
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert functions == {n.split()[0] for n in QUERIES} - {"hold", "release"}


def _uses_jobs(path: Path) -> bool:
    return bool(re.search(r"tables import [^\n]*\bJOB\b", path.read_text()))


def _accesses(connection: Connection, statement: str, parameters: Any) -> Iterator[tuple[str, str]]:
    """How a statement gets at jobs: the index, or "", and what bounds it there."""
    if connection.dialect.name != "sqlite":
        answer = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        yield from _nodes(answer.scalar_one()[0]["Plan"])
        return
    for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
        found = re.match(
            r"(?:SEARCH|SCAN) job(?: USING (?:COVERING )?(INDEX \w+|INTEGER PRIMARY KEY))?(.*)",
            step.detail,
        )
        if found:
            index = (found[1] or "").removeprefix("INDEX ")
            bound = found[2].replace("rowid", "seq")
            yield index.replace("INTEGER PRIMARY KEY", "job_pkey"), bound


def _nodes(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Index Name" in plan:
        if plan["Index Name"].startswith("job_"):
            yield plan["Index Name"], plan.get("Index Cond", "")
    elif plan.get("Relation Name") == "job" and plan["Node Type"] == "Seq Scan":
        yield "", ""
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
