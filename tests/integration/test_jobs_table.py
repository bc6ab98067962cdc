"""The ledger, on both databases: jobs whose process died."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from shared.db import dead_jobs, job_claims, job_rows, jobs, lost_jobs
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Outcome, Request, Status
from shared.settings import Settings
from tests.integration.beside import behind
from tests.system import wait_for

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


def claim(
    database: Database, ids: list[str], alone: bool = False, group_id: str = "group"
) -> set[str]:
    """Take these jobs under a lease that outlasts the test."""
    return set(database.write(lambda c: job_claims.claim(c, ids, group_id, 60.0, alone)))


def die(database: Database, ids: list[str]) -> list[str]:
    """Let the process that runs these jobs be lost; the ids of what is published again."""
    database.write(lambda c: job_claims.end_leases(c, ids, "group"))
    return bring_back(database, ids)


def bring_back(database: Database, ids: list[str]) -> list[str]:
    back = database.write(lambda c: lost_jobs.return_lost(c, Lane.DEFERRED, True, 10.0, 100))
    return [j.request.request_id for j in back if j.request.request_id in ids]


def test_brought_back_once(database: Database, accepted: list[str]) -> None:
    """What has been published again is not lost: two messages of one job would be two tries."""
    assert claim(database, accepted) == set(accepted)
    assert die(database, accepted) == accepted
    assert bring_back(database, accepted) == []


def test_the_last_try_is_alone(database: Database, accepted: list[str]) -> None:
    """A job is never set aside for what was scored beside it."""
    for _ in range(job_rows.MOST_ATTEMPTS - 1):
        assert claim(database, accepted) == set(accepted)
        die(database, accepted)
    assert claim(database, accepted) == set()
    assert claim(database, accepted[:1], alone=True) == {accepted[0]}


def test_set_aside_after_its_last_try(database: Database, accepted: list[str]) -> None:
    """The third loss is the last."""
    one = accepted[:1]
    for _ in range(job_rows.MOST_ATTEMPTS):
        assert claim(database, one, alone=True) == set(one)
        die(database, one)
    dead = database.write(lambda c: lost_jobs.set_aside(c, 100))
    assert [j.request.request_id for j in dead] == one
    assert bring_back(database, one) == []


def test_what_says_how_far_a_lane_is(database: Database, accepted: list[str]) -> None:
    """Only a job whose one message came. A queued job before that one has lost its message."""

    def lost() -> list[str]:
        back = database.write(lambda c: lost_jobs.return_lost(c, Lane.DEFERRED, False, 0.0, 100))
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


def attempts(database: Database, job_id: str) -> int:
    """How many tries of a job are counted."""
    found = database.read(lambda c: jobs.find(c, job_id))
    assert found is not None
    return found.attempts


def give_back(database: Database, ids: list[str], group_id: str) -> None:
    database.write(lambda c: job_claims.give_back(c, ids, group_id))


def test_what_is_given_up_does_not_count(database: Database, accepted: list[str]) -> None:
    """However often: the job is there for the next, with the tries that its deaths left it."""
    assert claim(database, accepted) == set(accepted)
    assert die(database, accepted) == accepted
    for number in range(5):
        group_id = f"given-up-{number}"
        assert claim(database, accepted, group_id=group_id) == set(accepted)
        give_back(database, accepted, group_id)
        assert database.write(lambda c: lost_jobs.set_aside(c, 100)) == []
        assert bring_back(database, accepted) == accepted
    assert {attempts(database, name) for name in accepted} == {1}


def test_two_groups_claim_one_job(new_database_url: Callable[[str], str]) -> None:
    """At the same moment: the one that comes second waits, and gets nothing of it."""
    url = Settings.from_environment({"DATABASE_URL": new_database_url("postgres")}).database_url
    database = connect(url, connections=3, wait=10.0)
    migrate(database)
    job = Request("one", Kind.PREDICT, ObservationId("one", True), "{}", True)
    database.write(lambda c: jobs.accept(c, [job], Lane.DEFERRED, None))
    taken = behind(
        database,
        lambda c: job_claims.claim(c, ["one"], "first", 60.0, False),
        lambda: claim(database, ["one"], group_id="second"),
    )
    assert taken == set()
    assert attempts(database, "one") == 1
    database.close()


def status(database: Database, job_id: str) -> Status:
    found = database.read(lambda c: jobs.find(c, job_id))
    assert found is not None
    return found.status


def test_only_a_queued_job_is_cancelled(database: Database, accepted: list[str]) -> None:
    """One that runs goes on, one that has ended stays as it is."""
    queued, running, ended = accepted
    claim(database, [running, ended])
    database.write(lambda c: jobs.finish(c, [Outcome(ended, 200, {})]))
    for job_id, after in (
        (queued, Status.CANCELLED), (running, Status.RUNNING), (ended, Status.SUCCEEDED)
    ):  # fmt: skip
        assert database.write(lambda c, one=job_id: jobs.cancel(c, one)) == after  # type: ignore[misc]
        assert status(database, job_id) == after


def test_what_has_ended_does_not_end_again(database: Database, accepted: list[str]) -> None:
    """Whatever comes late: the first end is the one that was told."""
    cancelled, failed, open_one = accepted
    database.write(lambda c: jobs.cancel(c, cancelled))
    database.write(lambda c: jobs.finish(c, [Outcome(failed, 422, {"error": "first"})]))
    late = [Outcome(name, 200, {"proba": 0.5}) for name in accepted]
    database.write(lambda c: jobs.finish(c, late))
    ends = [Status.CANCELLED, Status.FAILED, Status.SUCCEEDED]
    assert [status(database, name) for name in (cancelled, failed, open_one)] == ends
    found = database.read(lambda c: jobs.find(c, failed))
    assert found is not None
    assert found.outcome == {"error": "first"}


def test_claimed_again_by_the_same_group(database: Database, accepted: list[str]) -> None:
    """A group whose first claim was committed without an answer goes on, at one attempt."""
    for _ in range(2):
        assert claim(database, accepted) == set(accepted)
    assert claim(database, accepted, group_id="another") == set()
    assert {attempts(database, name) for name in accepted} == {1}


def test_given_back_once(database: Database, accepted: list[str]) -> None:
    """Asked again, or by a group that never had it, nothing changes."""
    one = accepted[:1]
    claim(database, one, group_id="first")
    give_back(database, one, "stranger")
    assert attempts(database, one[0]) == 1
    for _ in range(2):
        give_back(database, one, "first")
        assert attempts(database, one[0]) == 0


def test_given_back_late(database: Database, accepted: list[str]) -> None:
    """After the lease ran out and another group took the job: that one's attempt and lease stay,
    also when the process of the first dies after all."""
    one = accepted[:1]
    database.write(lambda c: job_claims.claim(c, one, "first", -1.0, True))
    assert bring_back(database, one) == one
    assert claim(database, one, group_id="second") == set(one)
    give_back(database, one, "first")
    assert attempts(database, one[0]) == 1
    database.write(lambda c: job_claims.end_leases(c, one, "first"))
    assert bring_back(database, one) == []
    give_back(database, one, "second")
    assert attempts(database, one[0]) == 0
    assert bring_back(database, one) == one


def test_what_has_ended_stays_ended(database: Database, accepted: list[str]) -> None:
    """A group that was given up may have been committed all the same."""
    one = accepted[:1]
    claim(database, one)
    database.write(lambda c: jobs.finish(c, [Outcome(one[0], 200, {})]))
    give_back(database, one, "group")
    found = database.read(lambda c: jobs.find(c, one[0]))
    assert found is not None
    assert (found.status, found.attempts) == ("succeeded", 1)


def test_a_claim_whose_commit_comes_late(
    new_database_url: Callable[[str], str],
) -> None:
    """Giving back waits for it: its worker did not hear of it, and it counts nothing."""
    settings = Settings.from_environment({"DATABASE_URL": new_database_url("postgres")})
    database = connect(settings.database_url, connections=3, wait=10.0)
    migrate(database)
    job = Request("a", Kind.PREDICT, ObservationId("a", True), "{}", True)
    database.write(lambda c: jobs.accept(c, [job], Lane.DEFERRED, None))
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as pool:

        def late(connection: Connection) -> Future[None]:
            job_claims.claim(connection, ["a"], "group", 60.0, True)
            giving = pool.submit(give_back, database, ["a"], "group")
            wait_for(lambda: database.read(lambda c: c.execute(waiting).scalar()), 10, "it waits")
            return giving

        database.write(late).result(10)
    assert attempts(database, "a") == 0
    database.close()


def test_the_first_of_an_observation_comes_first(database: Database) -> None:
    """A prediction waits for one of its observation that was accepted before it, runs elsewhere and
    may be with a process that is frozen; together both are taken, and stored in their order."""

    def accept(job_id: str, lane: Lane) -> None:
        request = Request(job_id, Kind.PREDICT, ObservationId("same", True), "{}", True)
        database.write(lambda c: jobs.accept(c, [request], lane, None))

    for job_id in ("first", "second"):
        accept(job_id, Lane.DEFERRED)
    accept("third", Lane.INTERACTIVE)
    assert claim(database, ["second", "third"]) == set()
    assert claim(database, ["first"]) == {"first"}
    assert claim(database, ["second"], group_id="other") == set()
    assert attempts(database, "second") == 0
    die(database, ["first"])
    assert claim(database, ["first", "second"], group_id="next") == {"first", "second"}
    database.write(lambda c: jobs.finish(c, [Outcome("first", 200, {})]))
    assert claim(database, ["third"]) == set()
    database.write(lambda c: jobs.finish(c, [Outcome("second", 422, {})]))
    assert claim(database, ["third"]) == {"third"}


def test_what_is_replayed_is_published_at_once(database: Database, accepted: list[str]) -> None:
    """The next sweep finds it, as it finds what has lost its message, and only that."""
    for _ in range(job_rows.MOST_ATTEMPTS):
        claim(database, ["a"], alone=True)
        die(database, ["a"])
    database.write(lambda c: lost_jobs.set_aside(c, 10))
    assert [j.request.request_id for j in database.read(dead_jobs.dead_letters)] == ["a"]
    assert len(database.write(lambda c: dead_jobs.replay(c, ["a", "b", "none"]))) == 1
    assert bring_back(database, accepted) == ["a"]


SIZE, MANY = 100_000, 200
LIGHT: dict[str, Callable[[Connection, list[str]], object]] = {
    "lock": lambda c, names: jobs.lock(c, names, names),
    "any_of": lambda c, names: jobs.any_of(c, names, names),
    "find_all": jobs.find_all,
    "unfinished": jobs.unfinished,
    "return_lost": lambda c, _: lost_jobs.return_lost(c, Lane.DEFERRED, True, 0.0, MANY),
    "set_aside": lambda c, _: lost_jobs.set_aside(c, MANY),
    "dead_letters": lambda c, _: dead_jobs.dead_letters(c),
    "replay": dead_jobs.replay,
}


def wear_out(connection: Connection) -> None:
    """Let all jobs have had their tries."""
    tries = {"attempts": job_rows.MOST_ATTEMPTS}
    connection.execute(text("UPDATE job SET attempts = :attempts"), tries)


def test_bodies_only_where_needed(database: Database) -> None:
    """Predictions with large bodies: only who is to score them loads the bodies."""
    names = [f"{n:03}" for n in range(MANY)]
    body = "x" * SIZE
    requests = [Request(n, Kind.PREDICT, ObservationId(n, True), body, True) for n in names]
    database.write(lambda c: jobs.accept(c, requests, Lane.DEFERRED, None))
    for name, work in LIGHT.items():
        if name == "set_aside":
            claimed = database.write(lambda c: job_claims.claim(c, names, "group", -1.0, True))
            assert {len(job.request.body) for job in claimed.values()} == {SIZE}
            database.write(wear_out)
        tracemalloc.start()
        try:
            found = database.write(lambda c, work=work: work(c, names))  # type: ignore[misc]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert found is True or len(found) == MANY, name
        assert peak < SIZE * MANY / 4, name
