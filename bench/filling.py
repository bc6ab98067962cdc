"""Fills the tables with predictions and ended jobs, faster than they could be sent."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
from sqlalchemy import make_url

# Far from the ids of the load, which count from zero, and all of one length.
FIRST_KEY = 10**15
# Rows of one statement.
CHUNK = 250_000
# The jobs ended within the last so many seconds, evenly: less than `JOB_RETENTION` by default, or
# they would be cleared during the measurement.
ENDED_WITHIN = 6 * 86_400

_PREDICTIONS = """
    INSERT INTO prediction (observation_id, observation_id_is_text, observation, proba, request_id,
                            model_version, predicted_at)
    SELECT {key}, {false}, '{observation}', 0.5, {uuid}, 'filled', {moment}
    FROM {numbers}
"""
# As those that were accepted, scored and answered at once; their ids begin with that time, as ours.
_JOBS = """
    INSERT INTO job (job_id, kind, lane, status, observation_id, observation_id_is_text, body,
                     reply_to, attempts, submitted_at, published_at, started_at, finished_at,
                     status_code, outcome)
    SELECT {uuid}, 'predict', 'queuecast.deferred', 'succeeded', {key}, {false}, '{observation}',
           'filled', 1, {moment}, {moment}, {moment}, {moment}, 200, '{outcome}'
    FROM {numbers}
"""
_BODIES = {
    "observation": '{"id": 0, "observation": {"Age": 22.0, "Fare": 7.25, "Sex": "male"}}',
    "outcome": '{"proba": 0.5}',
}


@dataclass(frozen=True, slots=True)
class Filling:
    """How many rows of each table a database is filled with."""

    predictions: int
    jobs: int


def fill(url: str, filling: Filling, say: Callable[[str], None]) -> None:
    """Add that many rows to the migrated, still empty tables, and tidy up as time would have."""
    on_sqlite = url.startswith("sqlite")
    with _connected(url, on_sqlite) as execute:
        for table, statement, rows in (
            ("prediction", _PREDICTIONS, filling.predictions),
            ("job", _JOBS, filling.jobs),
        ):
            began = time.monotonic()
            for first in range(1, rows + 1, CHUNK):
                last = min(first + CHUNK - 1, rows)
                words = _sqlite(first, last, rows) if on_sqlite else _postgres(first, last, rows)
                execute(statement.format(**words, **_BODIES))
            say(f"{rows:,} rows in {table} after {time.monotonic() - began:.0f} s")
        if on_sqlite:
            execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            execute("VACUUM ANALYZE prediction, job")
            execute("CHECKPOINT")


@contextmanager
def _connected(url: str, on_sqlite: bool) -> Iterator[Callable[[str], object]]:
    """What executes a statement and commits it."""
    if on_sqlite:
        file = str(make_url(url).database)
        with closing(sqlite3.connect(file, timeout=30.0, isolation_level=None)) as opened:
            yield opened.execute
        return
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor.execute


def _postgres(first: int, last: int, rows: int) -> dict[str, str]:
    ago = f"({rows} - n) * {ENDED_WITHIN / rows!r}"
    moment = f"now() - make_interval(secs => {ago})"
    time_part = f"lpad(to_hex((extract(epoch FROM {moment}) * 1000)::bigint), 12, '0')"
    return {
        "key": f"({FIRST_KEY} + n)::text",
        "false": "false",
        "moment": moment,
        "uuid": f"({time_part} || '7' || substr(md5(n::text), 1, 3) || '8' ||"
        " substr(md5(n::text), 4, 15))::uuid::text",
        "numbers": f"generate_series({first}, {last}) AS n",
    }


def _sqlite(first: int, last: int, rows: int) -> dict[str, str]:
    epoch = time.time()
    at = f"({epoch!r} - ({rows} - n) * {ENDED_WITHIN / rows!r})"
    time_part = f"printf('%012x', CAST({at} * 1000 AS INTEGER))"
    noise = "lower(hex(randomblob({})))"
    return {
        "key": f"CAST({FIRST_KEY} + n AS TEXT)",
        "false": "0",
        "moment": f"strftime('%Y-%m-%d %H:%M:%f000', {at}, 'unixepoch')",
        "uuid": f"substr({time_part}, 1, 8) || '-' || substr({time_part}, 9, 4) ||"
        f" '-7' || substr({noise.format(2)}, 2) || '-8' || substr({noise.format(2)}, 2) ||"
        f" '-' || {noise.format(6)}",
        "numbers": f"(WITH RECURSIVE s (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s"
        f" WHERE n < {last}) SELECT n FROM s)",
    }
