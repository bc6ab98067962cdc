"""A database that answers and cannot do its work: said as it is, and over when it is mended."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from tests.system import System, wait_for

FULL = """
    CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'could not extend file "base/1/2"'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON job EXECUTE FUNCTION be_full()
"""
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'queuecast' AND datname = current_database()
"""
READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = {}"


@pytest.fixture
def running(on_postgres: System) -> Iterator[System]:
    """One gateway and one worker."""
    try:
        yield on_postgres.start()
    finally:
        on_postgres.stop()


def do(running: System, statement: str) -> None:
    """Something that an operator does."""
    connection = psycopg2.connect(running.database_url)
    connection.set_session(readonly=False, autocommit=True)
    connection.cursor().execute(statement)
    connection.close()


def test_what_is_ours_is_a_500(running: System) -> None:
    """With a trace in the log; what was promised waits, and its attempts do not count."""
    do(running, "ALTER FUNCTION queuecast_store RENAME TO taken_away")
    refused = running.client.predict(1)
    assert refused.status == 500
    assert "queuecast_store" in refused.json["error"]
    promised = running.client.predict(2, prefer="respond-async")
    assert promised.status == 202

    def logged() -> bool:
        return running.log().count("Traceback") >= 3

    wait_for(logged, 30, "the job is tried again and again")
    do(running, "ALTER FUNCTION taken_away RENAME TO queuecast_store")
    assert running.client.ended(promised.json["job_id"], 40)["status"] == "succeeded"
    assert running.client.predict(1).status == 200


def test_a_full_disk_is_named(running: System) -> None:
    """In the answer and in /readyz; nothing has to be started anew when there is room again."""
    do(running, FULL)
    refused = running.client.predict(1, prefer="respond-async")
    assert refused.status == 503
    assert "disk is full" in refused.json["error"]
    ready = running.client.get("/readyz")
    assert ready.status == 503
    assert "disk is full: could not extend" in ready.json["database"]
    do(running, "DROP TRIGGER full_disk ON job")
    assert running.client.predict(1, prefer="respond-async").status == 202
    assert running.client.ready()


def test_read_only_is_named(running: System) -> None:
    """What can be read still is. Sessions that began read-only do not outlive it."""
    assert running.client.predict(1).status == 200
    name = running.database_url.rpartition("/")[2]
    do(running, READ_ONLY.format(name, "on"))
    do(running, CUT)

    def read_only() -> bool:
        return "read-only" in str(running.client.get("/readyz").json["database"])

    wait_for(read_only, 15, "/readyz says read-only")
    refused = running.client.predict(2)
    assert (refused.status, refused.json["error"]) == (503, "the database is read-only")
    assert len(running.client.rows()) == 1
    do(running, READ_ONLY.format(name, "off"))
    wait_for(running.client.ready, 15, "the gateway is ready")
    assert running.client.predict(2).status == 200
