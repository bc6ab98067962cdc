"""A worker that is frozen for longer than its leases, with its processes, as a paused container."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from local.part import Part
from tests.system import System, wait_for

# From the freezing of a worker until what it had is done by another, in seconds.
LONGEST = 60.0
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'prediction'::regclass"


@pytest.fixture
def running(on_postgres: System) -> Iterator[System]:
    """One gateway and one worker."""
    on_postgres.settings["TASK_LIMIT"] = "2"
    try:
        yield on_postgres.start()
    finally:
        for worker in on_postgres.workers:
            signal_all(worker, signal.SIGCONT)
        on_postgres.stop()


def signal_all(worker: Part, number: int) -> None:
    """Send a signal to a worker and its children."""
    os.killpg(worker.process.pid, number)


def jobs_of(system: System, accepted: list[str]) -> list[dict[str, Any]]:
    return [system.client.job(job_id) for job_id in accepted]


def test_another_worker_does_it(running: System) -> None:
    """What the frozen one runs, and what it took off the queue last; and when it goes on, nothing
    that was said or stored changes."""
    client = running.client
    with psycopg2.connect(running.database_url) as connection:
        cursor = connection.cursor()
        # Their storing waits, one in each process, when the worker is frozen. The server goes on
        # with it, and waits for the commit.
        cursor.execute("LOCK TABLE prediction IN SHARE MODE")
        accepted = [client.predict(n, prefer="respond-async").json["job_id"] for n in range(2)]

        def both_wait() -> bool:
            cursor.execute(WAITING)
            return cursor.fetchone() == (2,)

        wait_for(both_wait, 15, "both are about to be stored")
        frozen = running.workers[0]
        signal_all(frozen, signal.SIGSTOP)
        began = time.monotonic()
        connection.rollback()
    connection.close()
    accepted += [client.predict(n, prefer="respond-async").json["job_id"] for n in range(2, 5)]
    accepted.append(client.update(0, 1, prefer="respond-async").json["job_id"])
    running.start_worker()

    def all_ended() -> bool:
        return all(job["finished_at"] for job in jobs_of(running, accepted))

    wait_for(all_ended, LONGEST - (time.monotonic() - began), "another worker does it")
    before = jobs_of(running, accepted), client.rows()
    assert {job["status"] for job in before[0]} == {"succeeded"}
    assert [row["true_class"] for row in client.rows() if row["observation_id"] == 0] == [1]

    signal_all(frozen, signal.SIGCONT)
    awake = running.log().count("given up")
    wait_for(lambda: running.log().count("given up") > awake, 15, "the frozen worker gives up")
    assert (jobs_of(running, accepted), client.rows()) == before
