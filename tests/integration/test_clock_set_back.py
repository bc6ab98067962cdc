"""The database's clock is set back: what was written before seems to be of the future."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from shared.db import job_claims, job_rows, jobs, leases, lost_jobs
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.tables import JOB, LEASE
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Request
from shared.settings import Settings

HOUR = timedelta(hours=1)
_c = JOB.c


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str]
) -> Iterator[Database]:
    """A migrated database of each kind, with one job."""
    url = new_database_url(request.param)
    made = connect(Settings.from_environment({"DATABASE_URL": url}).database_url, 2, 10.0)
    migrate(made)
    job = Request("a", Kind.PREDICT, ObservationId("a", True), "{}", True)
    made.write(lambda c: jobs.accept(c, [job], Lane.DEFERRED, None))
    yield made
    made.close()


def set_back(database: Database) -> None:
    """Move everything that was written so far an hour into the future."""

    def move(connection: Connection) -> None:
        found = connection.execute(
            JOB.select().with_only_columns(_c.seq, _c.published_at, _c.started_at, _c.leased_until)
        ).all()
        for job in found:
            moved = {
                name: moment and moment + HOUR for name, moment in job._asdict().items()
                if name != "seq"
            }  # fmt: skip
            connection.execute(update(JOB).where(_c.seq == job.seq).values(moved))
        for lease in connection.execute(LEASE.select()).all():
            later = {"expires_at": lease.expires_at + HOUR}
            connection.execute(update(LEASE).where(LEASE.c.name == lease.name).values(later))

    database.write(move)


def lost(database: Database, lane_is_empty: bool) -> list[str]:
    found = database.write(
        lambda c: lost_jobs.return_lost(c, Lane.DEFERRED, lane_is_empty, 10.0, 100)
    )
    return [job.request.request_id for job in found]


def claim(database: Database, group_id: str) -> set[str]:
    return set(database.write(lambda c: job_claims.claim(c, ["a"], group_id, 25.0, True)))


def test_a_lease_of_the_future_has_run_out(database: Database) -> None:
    """Its job is found again and can be claimed, once; one of a moment ago runs on."""
    assert claim(database, "first") == {"a"}
    assert claim(database, "second") == set()
    set_back(database)
    assert lost(database, lane_is_empty=False) == ["a"]
    assert claim(database, "second") == {"a"}
    assert claim(database, "third") == set()
    assert lost(database, lane_is_empty=False) == []


def test_it_can_be_claimed_at_once(database: Database) -> None:
    """Also by whoever comes before a sweep."""
    assert claim(database, "first") == {"a"}
    set_back(database)
    assert claim(database, "second") == {"a"}


@pytest.mark.parametrize("lane_is_empty", [True, False])
def test_what_is_published_in_the_future_is_lost(database: Database, lane_is_empty: bool) -> None:
    """Nobody could tell when others have overtaken it."""
    assert lost(database, lane_is_empty) == []
    set_back(database)
    assert lost(database, lane_is_empty) == ["a"]
    assert lost(database, lane_is_empty) == []


def test_the_last_try_of_the_future(database: Database) -> None:
    """A job that was claimed for its last time is set aside when its lease is of the future."""
    for number in range(job_rows.MOST_ATTEMPTS):
        assert claim(database, f"group {number}") == {"a"}
        if number < job_rows.MOST_ATTEMPTS - 1:
            database.write(lambda c, n=number: job_claims.end_leases(c, ["a"], f"group {n}"))  # type: ignore[misc]
    assert database.write(lambda c: lost_jobs.set_aside(c, 10)) == []
    set_back(database)
    assert len(database.write(lambda c: lost_jobs.set_aside(c, 10))) == 1


def test_who_sweeps(database: Database) -> None:
    """A lease that ends later than one that is taken now was taken before."""

    def hold(holder: str) -> bool:
        return database.write(lambda c: leases.hold(c, "sweeper", holder, 15.0))

    assert hold("first")
    assert not hold("second")
    set_back(database)
    assert hold("second")
    assert not hold("first")
