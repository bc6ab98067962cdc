"""The ledger, on both databases: jobs whose process died."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.db import jobs
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Outcome, Request
from shared.settings import Settings

NAMES = ("a", "b", "c")


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str]
) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    url = new_database_url(request.param)
    settings = Settings.from_environment({"DATABASE_URL": url})
    made = connect(settings.database_url, connections=2, wait=10.0)
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def accepted(database: Database) -> list[str]:
    """Three accepted jobs, by number."""
    requests = [Request(n, Kind.PREDICT, ObservationId(n, True), "{}", True) for n in NAMES]
    database.write(lambda c: jobs.accept(c, requests, Lane.DEFERRED, None))
    return list(NAMES)


def claim(database: Database, ids: list[str], alone: bool = False) -> set[str]:
    """Take these jobs under a lease that outlasts the test."""
    return set(database.write(lambda c: jobs.claim(c, ids, 60.0, alone)))


def die(database: Database, ids: list[str]) -> list[str]:
    """Let the process that runs these jobs be lost; the ids of what is published again."""
    database.write(lambda c: jobs.give_back(c, ids))
    return bring_back(database, ids)


def bring_back(database: Database, ids: list[str]) -> list[str]:
    back = database.write(lambda c: jobs.return_lost(c, Lane.DEFERRED, True, 10.0, 100))
    return [j.request.request_id for j in back if j.request.request_id in ids]


def test_brought_back_once(database: Database, accepted: list[str]) -> None:
    """What has been published again is not lost: two messages of one job would be two tries."""
    assert claim(database, accepted) == set(accepted)
    assert die(database, accepted) == accepted
    assert bring_back(database, accepted) == []


def test_the_last_try_is_alone(database: Database, accepted: list[str]) -> None:
    """A job is never set aside for what was scored beside it."""
    for _ in range(jobs.MOST_ATTEMPTS - 1):
        assert claim(database, accepted) == set(accepted)
        die(database, accepted)
    assert claim(database, accepted) == set()
    assert claim(database, accepted[:1], alone=True) == {accepted[0]}


def test_set_aside_after_its_last_try(database: Database, accepted: list[str]) -> None:
    """The third loss is the last."""
    one = accepted[:1]
    for _ in range(jobs.MOST_ATTEMPTS):
        assert claim(database, one, alone=True) == set(one)
        die(database, one)
    dead = database.write(lambda c: jobs.set_aside(c, 100))
    assert [j.request.request_id for j in dead] == one
    assert bring_back(database, one) == []


def test_what_says_how_far_a_lane_is(database: Database, accepted: list[str]) -> None:
    """Only a job whose one message came. A queued job before that one has lost its message."""

    def lost() -> list[str]:
        back = database.write(lambda c: jobs.return_lost(c, Lane.DEFERRED, False, 0.0, 100))
        return [j.request.request_id for j in back]

    def accept(name: str) -> str:
        job = Request(name, Kind.PREDICT, ObservationId(name, True), "{}", True)
        database.write(lambda c: jobs.accept(c, [job], Lane.DEFERRED, None))
        return job.request_id

    # It ends without its message, as one that was waited for does.
    ended = accept("ended")
    database.write(lambda c: jobs.finish(c, [Outcome(ended, 200, {})]))
    assert lost() == []
    came = accept("came")
    assert claim(database, [came], alone=True)
    queued = accept("queued")
    assert lost() == accepted
    # They were published twice, so that one of their messages is no sign for the queued one's.
    assert claim(database, accepted[1:]) == set(accepted[1:])
    assert lost() == []
    assert claim(database, [queued], alone=True)
