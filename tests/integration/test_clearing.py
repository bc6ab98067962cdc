"""Jobs that ended longer ago than JOB_RETENTION: deleted as fast as they come, and still known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from alembic import command
from sqlalchemy import Connection, text

from shared.db import ended_jobs, jobs
from shared.db.cleared_jobs import among_cleared
from shared.db.engine import Database, connect
from shared.db.migrate import alembic_config, migrate
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Outcome, Request, new_request_id
from shared.setting_values import database_url
from tests.system import wait_for
from worker.clearing import Clearing

HOUR = 3600.0
BODY = f'{{"id": 1, "observation": {{"text": "{"x" * 500}"}}}}'


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, new_database_url: Callable[[str], str]) -> str:
    """An empty database of each kind."""
    return database_url(new_database_url(request.param))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The same, migrated."""
    made = connect(url, connections=2, wait=10.0)
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def clearing(database: Database, url: str) -> Iterator[Clearing]:
    """Clears what ended an hour ago; not started."""
    own = connect(url, connections=1, wait=10.0)
    made = Clearing("me", HOUR, own)
    yield made
    made.stop()
    made.join()
    own.close()


def accept(database: Database, count: int) -> list[str]:
    """New jobs, by their ids."""
    ids = [new_request_id() for _ in range(count)]
    requests = [Request(i, Kind.PREDICT, ObservationId(i, True), BODY, True) for i in ids]
    database.write(lambda c: jobs.accept(c, requests, Lane.DEFERRED, None))
    return ids


def end(database: Database, ids: list[str], seconds_ago: float) -> None:
    """Let these have succeeded so many seconds ago."""
    outcomes = [Outcome(job_id, 200, {"proba": 0.5}) for job_id in ids]
    database.write(lambda c: jobs.finish(c, outcomes))
    age(database, "finished_at", seconds_ago)


def age(database: Database, column: str, seconds: float) -> None:
    """Let the ended jobs have this moment so long ago."""
    ago = f"now() - make_interval(secs => {seconds})"
    if database.on_sqlite:
        ago = f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{seconds} seconds')"
    statement = f"UPDATE job SET {column} = {ago} WHERE finished_at IS NOT NULL"
    database.write(lambda c: c.exec_driver_sql(statement))


def count(database: Database) -> int:
    return int(database.read(lambda c: c.execute(text("SELECT count(*) FROM job")).scalar_one()))


def clear(database: Database, retention: float, limit: int = 1000) -> None:
    database.write(lambda c: ended_jobs.clear_finished(c, retention, limit))


def test_many_are_cleared_in_one_go(database: Database, url: str, clearing: Clearing) -> None:
    """One turn follows the other until none is left, and whoever writes meanwhile has a turn within
    a second. A pause between the turns, as there is between rounds, would take longer in all."""
    many = 100_000
    for _ in range(many // 5000):
        database.write(lambda c: c.exec_driver_sql(_ended(database, 5000)))
    kept = accept(database, 3)
    ended = text("SELECT 1 FROM job WHERE finished_at IS NOT NULL LIMIT 1")
    gateway = connect(url, connections=1, wait=1.0)
    written: list[str] = []

    def write_and_look() -> bool:
        # A turn that did not come would raise DatabaseAwayError.
        written.extend(accept(gateway, 1))
        return gateway.read(lambda c: c.execute(ended).first()) is None

    clearing.start()
    wait_for(write_and_look, 200, "all are cleared")
    assert len(written) > 10
    assert count(gateway) == len(kept) + len(written)
    gateway.close()


def _ended(database: Database, number: int) -> str:
    """A statement that adds jobs which ended two hours ago."""
    job_id, ago, numbers = (
        "gen_random_uuid()::text",
        "now() - make_interval(hours => 2)",
        f"generate_series(1, {number})",
    )
    if database.on_sqlite:
        job_id = "lower(hex(randomblob(16)))"
        ago = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-2 hours')"
        numbers = (
            "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s"
            f" WHERE n < {number}) SELECT n FROM s)"
        )
    return (
        "INSERT INTO job (job_id, kind, lane, status, body, submitted_at, published_at,"
        " started_at, finished_at, status_code, outcome)"
        f" SELECT {job_id}, 'predict', 'queuecast.deferred', 'succeeded', '{BODY}',"
        f" {ago}, {ago}, {ago}, {ago}, 200, '{{}}' FROM {numbers}"
    )


def test_cleared_is_not_unknown(database: Database, clearing: Clearing) -> None:
    """No row is left of what was cleared, yet it is told from ids of the same moment that were
    given out and never accepted."""
    cleared = accept(database, 300)
    end(database, cleared, 2 * HOUR)
    never = [new_request_id() for _ in range(300)]
    unfinished = accept(database, 3)
    clearing.clear()
    assert count(database) == len(unfinished)
    everything = [*cleared, *never, *unfinished]
    assert database.read(lambda c: among_cleared(c, everything)) == set(cleared)
    assert database.read(lambda c: jobs.find_all(c, everything)).keys() == set(unfinished)


def test_no_younger_one(database: Database, clearing: Clearing) -> None:
    """What ended less than the retention ago stays."""
    ids = accept(database, 10)
    end(database, ids, HOUR - 60)
    clearing.clear()
    assert count(database) == 10
    assert database.read(lambda c: among_cleared(c, ids)) == set()


def test_goes_on_where_it_ended(database: Database) -> None:
    """A call that is told where the one before it ended looks at nothing from before that."""
    ids = accept(database, 3)
    end(database, ids[:1], 3 * HOUR)
    since = database.read(lambda c: jobs.find_all(c, ids))[ids[0]].finished_at
    assert since is not None
    first = database.write(lambda c: ended_jobs.clear_finished(c, HOUR, 1))
    assert first == since
    end(database, ids[1:2], 4 * HOUR)
    assert database.write(lambda c: ended_jobs.clear_finished(c, HOUR, 1, since)) is None
    assert count(database) == 2
    clear(database, HOUR)
    assert count(database) == 1


def test_cancelled_jobs_stay_for_a_while(database: Database) -> None:
    """However short the retention: a frozen process may still come to store the prediction."""
    (job_id,) = accept(database, 1)
    database.write(lambda c: jobs.cancel(c, job_id))
    age(database, "finished_at", ended_jobs.CANCELLED_KEPT - 60)
    clear(database, 1.0)
    assert count(database) == 1
    age(database, "finished_at", ended_jobs.CANCELLED_KEPT + 1)
    clear(database, 1.0)
    assert count(database) == 0


def test_the_size_stays(database: Database, url: str) -> None:
    """Table and indexes are no larger after the sixth round of jobs than after the second."""
    sizes = []
    for _ in range(6):
        end(database, accept(database, 5000), 2 * HOUR)
        clear(database, HOUR, 5000)
        sizes.append(_size(database, url))
    # Something of each job stays, elsewhere and small.
    assert sizes[5] <= sizes[1] + (4 * 5000 * 16), sizes


def _size(database: Database, url: str) -> int:
    """Of the table and its indexes (on SQLite of the file), in bytes."""
    if database.on_sqlite:
        pages = database.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())
        return int(pages) * 4096
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        # What the server does by itself once a minute.
        cursor.execute("VACUUM job")
        tables = "pg_total_relation_size('job') + pg_total_relation_size('cleared_job')"
        cursor.execute(f"SELECT {tables}")
        return int((cursor.fetchone() or (0,))[0])
    finally:
        connection.close()


def test_what_an_earlier_version_cleared(database: Database, url: str, clearing: Clearing) -> None:
    """Its emptied rows are told from others, before and after they are deleted; those that a worker
    of that version empties beside us, too."""
    database.write(_forget)
    database.write(lambda c: command.upgrade(alembic_config(c), "0006"))
    before = accept(database, 50)
    end(database, before, 2 * HOUR)
    _empty(database)
    assert migrate(database) is True
    beside = accept(database, 50)
    end(database, beside, 2 * HOUR)
    _empty(database)
    ids = before + beside
    assert all(j.emptied for j in database.read(lambda c: jobs.find_all(c, ids)).values())
    clearing.clear()
    assert count(database) == 0
    assert database.read(lambda c: among_cleared(c, ids)) == set(ids)


def _forget(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("DROP FUNCTION queuecast_store, queuecast_store_piece")
    ours = (
        "prediction", "job", "lease", "queuecast_deployment", "cleared_job", "queuecast_model",
        "batch", "batch_piece",
    )  # fmt: skip
    for table in ours:
        connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql("DELETE FROM queuecast_version")


def _empty(database: Database) -> None:
    """What version 0006's sweep did with ended jobs."""
    gone = "body = NULL, outcome = NULL, reply_to = NULL, cleared_at = finished_at"
    statement = f"UPDATE job SET {gone} WHERE cleared_at IS NULL"
    database.write(lambda c: c.exec_driver_sql(statement))


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_what_others_hold_is_left_for_later(database: Database) -> None:
    """A job that is being replayed, say, keeps nobody from deleting the others. SQLite locks no
    rows."""
    ids = accept(database, 10)
    end(database, ids, 2 * HOUR)

    def hold_one(connection: Connection) -> Any:
        jobs.lock(connection, ids[:1], ())
        clear(database, HOUR)

    database.write(hold_one)
    assert count(database) == 1
    clear(database, HOUR)
    assert count(database) == 0
