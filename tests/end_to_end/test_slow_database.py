"""A database that is slow for a while, as one is whose index is being made."""

from __future__ import annotations

import json
import re

import psycopg2

from tests.system import FIRST_PASSENGER, System, wait_for

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


CLEARING_WAITS = """
    SELECT pid, query_start FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%INTO cleared_job%'
        AND datname = current_database() AND pid <> pg_backend_pid()
"""
# Of which no message was ever published, or it was lost.
LOST_JOB = """
    INSERT INTO job (job_id, kind, lane, status, observation_id, observation_id_is_text, body,
                     submitted_at, published_at)
    SELECT gen_random_uuid(), kind, lane, 'queued', 'lost', true, %s,
           now() - interval '1 hour', now() - interval '1 hour'
    FROM job WHERE job_id = %s
    RETURNING job_id
"""


def test_clearing_that_waits_holds_up_no_lost_job(on_postgres: System) -> None:
    """What lost its message is published again while the deletion of old jobs waits for a lock."""
    on_postgres.settings["JOB_RETENTION"] = "20s"
    connection = None
    try:
        client = on_postgres.start().client
        job_id = client.predict("old", prefer="respond-async").json["job_id"]
        client.ended(job_id)
        connection = psycopg2.connect(on_postgres.database_url)
        connection.autocommit = True
        cursor = connection.cursor()
        body = json.dumps({"id": "lost", "observation": FIRST_PASSENGER})

        def waits() -> list[tuple[object, ...]]:
            cursor.execute(CLEARING_WAITS)
            return cursor.fetchall()

        with psycopg2.connect(on_postgres.database_url) as other:
            other.cursor().execute("LOCK TABLE cleared_job IN EXCLUSIVE MODE")
            waiting = wait_for(waits, 40, "the clearing waits")
            cursor.execute(LOST_JOB, (body, job_id))
            ((lost,),) = cursor.fetchall()
            wait_for(lambda: client.job(lost)["status"] == "succeeded", 20, "it is done")
            # All of it happened within one wait of the clearing.
            assert waits() == waiting
        other.close()
        wait_for(lambda: client.get(f"/jobs/{job_id}").status == 410, 30, "it is cleared")
    finally:
        if connection is not None:
            connection.close()
        on_postgres.stop()
