"""A database that is slow for a while, as one is whose index is being made."""

from __future__ import annotations

import re

import psycopg2

from tests.system import System, wait_for

GIVEN_UP = re.compile(r"(\d+) jobs were given up: their attempts do not count")


def test_no_job_fails_for_a_slow_database(on_postgres: System) -> None:
    """Jobs are claimed and scored and cannot be stored, again and again, also for longer than
    TASK_LIMIT; then they succeed, and only the attempt that ended them counts."""
    on_postgres.settings["TASK_LIMIT"] = "4"
    try:
        client = on_postgres.start().client
        with psycopg2.connect(on_postgres.database_url) as connection:
            cursor = connection.cursor()
            # The lock of CREATE INDEX. It is let go when the block ends.
            cursor.execute("LOCK TABLE prediction IN SHARE MODE")
            accepted = [
                client.predict(number, prefer="respond-async").json["job_id"] for number in (1, 2)
            ]

            def twice_each() -> bool:
                ended = any(client.job(job_id)["finished_at"] for job_id in accepted)
                given_up = sum(map(int, GIVEN_UP.findall(on_postgres.log())))
                return ended or given_up >= 2 * len(accepted)

            wait_for(twice_each, 60, "each job is given up twice")
        for job_id in accepted:
            assert client.ended(job_id)["status"] == "succeeded", client.job(job_id)
        with connection:
            cursor.execute("SELECT attempts FROM job")
            assert cursor.fetchall() == [(1,), (1,)]
        connection.close()
    finally:
        on_postgres.stop()


def test_a_worker_whose_sweep_waits_is_alive(on_postgres: System) -> None:
    """The children answer, and every gateway says so."""
    try:
        client = on_postgres.start().client
        with psycopg2.connect(on_postgres.database_url) as connection:
            # No sweep begins without the lease.
            connection.cursor().execute("LOCK TABLE lease IN EXCLUSIVE MODE")
            states = []

            def sweep_gave_up() -> bool:
                states.append(client.get("/readyz").status)
                return "maintenance waits: the database" in on_postgres.log()

            wait_for(sweep_gave_up, 30, "a sweep has waited for as long as it may")
            assert set(states) == {200}
            assert client.predict("meanwhile").status == 200
        connection.close()
    finally:
        on_postgres.stop()
