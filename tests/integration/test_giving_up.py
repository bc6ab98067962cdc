"""Groups that are given up because the database does not answer, on real servers without Celery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from shared.db import job_claims, job_rows, jobs
from shared.db.engine import Database, connect
from shared.db.job_rows import Job
from shared.db.migrate import migrate
from shared.errors import DatabaseAwayError
from shared.observation_id import ObservationId
from shared.queue.broker import Broker, make_redis
from shared.queue.messages import Group, Kind, Lane, Request, Status
from shared.queue.names import Names
from shared.queue.piece_lane import PieceLane
from shared.settings import Settings
from worker.given_up import GivenUpGroups
from worker.groups import GroupRunner
from worker.pieces.recovery import PieceRecovery
from worker.scoring.trial import try_steady
from worker.served_model import ServedModel
from worker.sweeper import Sweeper

BODY = '{"id": "a", "observation": {"Pclass": 3, "Sex": "male", "SibSp": 1, "Parch": 0}}'
JOB = Request("a", Kind.PREDICT, ObservationId("a", True), BODY, True)
# What makes the storing wait, as CREATE INDEX does, and what makes the giving back wait as well.
AN_INDEX_IS_MADE = "LOCK TABLE prediction IN SHARE MODE"
JOBS_ARE_LOCKED = "SELECT FROM job FOR UPDATE"


@dataclass(frozen=True)
class Parts:
    """One accepted job, and a worker's parts; the database is waited for for a second."""

    url: str
    database: Database
    broker: Broker
    runner: GroupRunner
    sweeper: Sweeper
    given_up: GivenUpGroups

    def job(self) -> Job:
        """The job as it is now."""
        found = self.database.read(lambda c: jobs.find(c, "a"))
        assert found is not None
        return found

    @contextmanager
    def held_up(self, *statements: str) -> Iterator[None]:
        """Somebody holds the locks of these statements."""
        with psycopg2.connect(self.url) as connection:
            # The limit on waiting is the whole process's.
            for statement in statements:
                connection.cursor().execute(statement)
            yield
            connection.rollback()
        connection.close()


@pytest.fixture
def parts(
    new_database_url: Callable[[str], str], new_redis_url: Callable[[], str], artifacts: Path
) -> Iterator[Parts]:
    url = new_database_url("postgres")
    settings = Settings.from_environment({"DATABASE_URL": url, "REDIS_URL": new_redis_url()})
    database = connect(settings.database_url, connections=2, wait=1.0)
    migrate(database)
    database.write(lambda c: jobs.accept(c, [JOB], Lane.DEFERRED, None))
    client = make_redis(settings, 1.0)
    broker = Broker(client, Names("test"))
    pieces = PieceRecovery(database, PieceLane(client, Names("test")))
    served = ServedModel(*try_steady(artifacts, 20.0, 1), 20.0)
    runner = GroupRunner(served, database, broker, 20.0, 30.0, 512)
    sweeper = Sweeper("me", settings.group_size, database, broker, pieces)
    yield Parts(url, database, broker, runner, sweeper, GivenUpGroups(database))
    database.close()


def test_given_up_until_the_database_answers(parts: Parts) -> None:
    """More often than a job may be tried; then it is done, at its first attempt that counts."""
    for number in range(job_rows.MOST_ATTEMPTS + 1):
        group = Group(f"group-{number}", None, (JOB,))
        with parts.held_up(AN_INDEX_IS_MADE):
            with pytest.raises(DatabaseAwayError):
                parts.runner.predict(group)
            assert parts.job().attempts == 1
            parts.given_up.add(group)
            parts.given_up.give_back()
        assert parts.job().attempts == 0
        parts.sweeper.sweep()
        assert parts.broker.backlog(Lane.DEFERRED) == number + 1
    parts.runner.predict(Group("the-last", None, (JOB,)))
    assert (parts.job().status, parts.job().attempts) == (Status.SUCCEEDED, 1)


def test_given_back_when_the_silence_ends(parts: Parts) -> None:
    """What cannot be given back now is given back later."""
    group = Group("group", None, (JOB,))
    with parts.held_up(AN_INDEX_IS_MADE), pytest.raises(DatabaseAwayError):
        parts.runner.predict(group)
    parts.given_up.add(group)
    with parts.held_up(JOBS_ARE_LOCKED):
        for _ in range(2):
            with pytest.raises(DatabaseAwayError):
                parts.given_up.give_back()
    parts.given_up.give_back()
    assert parts.job().attempts == 0


def test_nothing_is_set_aside_right_after_a_silence(parts: Parts) -> None:
    """Another worker may be about to give back what seems to be a job's last try."""
    for number in range(job_rows.MOST_ATTEMPTS):
        parts.database.write(lambda c, of=str(number): job_claims.claim(c, ["a"], of, -1.0, True))  # type: ignore[misc]
    parts.sweeper.sweep()
    assert parts.job().status is Status.RUNNING
    parts.sweeper.sweep()
    assert parts.job().status is Status.FAILED


def test_what_the_database_refuses_counts(parts: Parts) -> None:
    """A row that can never be stored is no silence of the database: it is tried in ever smaller
    company and set aside, rather than tried for ever beside those that it keeps back."""
    refusing = "ALTER TABLE prediction ADD CHECK (observation_id <> 'a')"
    parts.database.write(lambda c: c.exec_driver_sql(refusing))
    parts.runner.predict(Group("group", None, (JOB,)))
    assert (parts.job().status, parts.job().attempts) == (Status.RUNNING, 1)
