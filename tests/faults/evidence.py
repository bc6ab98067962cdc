"""What the database holds, read with SQL past all of our own code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2

from tests.faults.record import TOKEN

FINAL = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Row:
    """One stored prediction. `body` is the request's as it was sent, `number` the row's `id`, and
    `label_seq` the number of the update that labelled it."""

    key: str
    body: str
    proba: float
    true_class: Any
    request_id: str | None
    number: int = 0
    label_seq: int | None = None

    @property
    def maker(self) -> int | None:
        """The number of the request that made this row."""
        return token(self.body)


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the ledger."""

    seq: int
    job_id: str
    kind: str
    status: str
    key: str
    body: str
    attempts: int
    status_code: int | None
    outcome: dict[str, Any]

    @property
    def maker(self) -> int | None:
        """The number of the request that was promised this job."""
        return token(self.body)

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both tables, from where a run began."""

    rows: tuple[Row, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where both tables ended when a run began: what is older is not its doing."""

    row: int = 0
    job: int = 0


def token(body: str) -> int | None:
    """The request's number in a body; None when it is none of ours."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    number = found.get(TOKEN) if isinstance(found, dict) else None
    return number if isinstance(number, int) else None


def query(url: str, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows that a statement gives, on a connection of its own."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_file(url), timeout=5, isolation_level=None)) as file:
            return file.execute(statement.replace("%s", "?"), values).fetchall()
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def places(values: Sequence[Any]) -> str:
    """A place in a statement for each of these values."""
    return ", ".join("%s" for _ in values)


def sqlite_file(url: str) -> str:
    """The path in a URL of SQLite."""
    return url.removeprefix("sqlite:///")


def mark(url: str) -> Mark:
    """Where both tables end now."""
    found = query(
        url,
        "SELECT (SELECT coalesce(max(id), 0) FROM prediction),"
        " (SELECT coalesce(max(seq), 0) FROM job)",
    )
    return Mark(*found[0])


def unfinished(url: str, since: Mark, until: int | None = None) -> int:
    """How many jobs that were accepted after a mark (and up to a number) have not ended."""
    statement = (
        "SELECT count(*) FROM job WHERE seq > %s AND seq <= %s"
        " AND status NOT IN ('succeeded', 'failed', 'cancelled')"
    )
    found = query(url, statement, (since.job, until or 2**62))
    return int(found[0][0])


def gather(url: str, since: Mark) -> Evidence:
    """Everything after a mark."""
    rows = query(
        url,
        "SELECT observation_id, observation, proba, true_class, request_id, id,"
        " true_class_seq"
        " FROM prediction WHERE id > %s ORDER BY id",
        (since.row,),
    )
    jobs = query(
        url,
        "SELECT seq, job_id, kind, status, observation_id, coalesce(body, ''), attempts,"
        " status_code, outcome FROM job WHERE seq > %s ORDER BY seq",
        (since.job,),
    )
    return Evidence(
        tuple(
            Row(k, b, p, None if c is None else json.loads(c), r, n, s)
            for k, b, p, c, r, n, s in rows
        ),
        tuple(_job(*job) for job in jobs),
    )


def _job(*found: Any) -> Job:
    *first, outcome = found
    return Job(*first, json.loads(outcome or "{}"))  # type: ignore[call-arg]
