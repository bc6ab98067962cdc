"""Commits that take longer than anybody waits: what cannot be known is said, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from local.postgres_server import PostgresServer
from tests.system import System, wait_for


@pytest.fixture
def running(on_postgres: System) -> Iterator[System]:
    """One gateway, which does not wait long, and one worker."""
    on_postgres.settings["SYNC_WAIT"] = "1"
    try:
        yield on_postgres.start()
    finally:
        on_postgres.stop()


@contextmanager
def commits_wait(server: PostgresServer) -> Iterator[None]:
    """Every commit of this server waits for a standby that is not there."""
    connection = psycopg2.connect(server.url())
    connection.autocommit = True
    cursor = connection.cursor()

    def standby(name: str) -> None:
        cursor.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        cursor.execute("SELECT pg_reload_conf()")
        # The checkpointer makes it known to everybody.
        wait_for(lambda: _shown(cursor) == name, 10, "the setting is known")

    standby("nobody")
    try:
        yield
    finally:
        standby("")
        connection.close()


def _shown(cursor: psycopg2.extensions.cursor) -> str:
    cursor.execute("SHOW synchronous_standby_names")
    return str(cursor.fetchone()[0])  # type: ignore[index]


def test_a_promise_of_which_nobody_knows(running: System, postgres_server: PostgresServer) -> None:
    """The answer names the job, which is there when the commit has come through. Sent again
    meanwhile, it is another job, and there is one row."""
    with commits_wait(postgres_server):
        unknown = [running.client.predict(1, prefer="respond-async") for _ in range(2)]
        unknown.append(running.client.update(1, 1, prefer="respond-async"))
    for answer in unknown:
        assert answer.status == 504, answer
        assert "whether this was accepted" in answer.json["error"]
        assert answer.headers["location"] == f"/jobs/{answer.json['job_id']}"
        assert "retry-after" in answer.headers
        assert running.client.ended(answer.json["job_id"], 40)["status"] == "succeeded"
    assert len(running.client.rows()) == 1


def test_a_row_of_which_nobody_knows(running: System, postgres_server: PostgresServer) -> None:
    """A worker's commit is under way when the time is up: neither stored nor promised for sure."""
    with commits_wait(postgres_server):
        unknown = running.client.predict(1)
        assert unknown.status == 504
        assert "it cannot be known whether this prediction is stored" in unknown.json["error"]
    wait_for(running.client.rows, 10, "the commit has come through")
    again = running.client.predict(1)
    assert again.status == 200
    assert "already exists" in again.json["error"]


def test_a_label_of_which_nobody_knows(running: System, postgres_server: PostgresServer) -> None:
    """The same of an update, and sent again it is the label that stands."""
    running.client.predict(1)
    assert running.client.update(1, 0).status == 200
    with commits_wait(postgres_server):
        unknown = running.client.update(1, 1)
        assert unknown.status == 504
        assert "it cannot be known whether this update is applied" in unknown.json["error"]
    wait_for(lambda: running.client.rows()[0]["true_class"] == 1, 10, "the commit came through")
    again = running.client.update(1, 0)
    assert (again.status, again.json["true_class"]) == (200, 0)


@pytest.mark.parametrize("prefer", [None, "respond-async"])
def test_a_503_is_only_said_when_it_is_true(running: System, prefer: str | None) -> None:
    """What waits for a lock is known not to be committed, and never is."""
    connection = psycopg2.connect(running.database_url)
    connection.cursor().execute("LOCK TABLE job")
    refused = running.client.predict(1, prefer=prefer)
    # One that was waited for may still be stored by the worker that has it.
    assert refused.status == (504 if prefer is None else 503), refused
    wait_for(lambda: not running.client.ready(), 10, "the gateway sees it, too")
    connection.rollback()
    wait_for(running.client.ready, 10, "the gateway is ready")
    later = running.client.predict(2, prefer="respond-async").json["job_id"]
    assert running.client.ended(later)["status"] == "succeeded"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM job")
        assert cursor.fetchone() == (1,)
    connection.close()
