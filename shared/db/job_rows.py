"""How jobs are read from their table, and what is asked of each in more than one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, literal_column, null, select
from sqlalchemy.sql.elements import ColumnElement

from shared.db.clock import statement_start
from shared.db.tables import JOB
from shared.observation_id import ObservationId
from shared.queue.messages import UNFINISHED, Kind, Lane, Request, Status

# A job that was claimed so often without coming to an end is set aside.
MOST_ATTEMPTS = 3
# A clock that was set back by less than so many seconds only makes some wait for that much longer.
SET_BACK = 5.0

_c = JOB.c
# Whether a job has not ended. Written into the statement rather than bound to it: SQLite takes a
# partial index only when the statement has the index's own condition, word for word.
is_unfinished = _c.status.in_([literal_column(f"'{status}'") for status in UNFINISHED])

_NOTHING = null()


def _jobs(
    body: ColumnElement[Any] = _NOTHING, outcome: ColumnElement[Any] = _NOTHING
) -> Select[Any]:
    return select(
        _c.seq, _c.job_id, _c.kind, _c.lane, _c.status, _c.observation_id,
        _c.observation_id_is_text, _c.reply_to, _c.attempts, _c.submitted_at, _c.finished_at,
        _c.status_code, _c.cleared_at, body.label("body"), outcome.label("outcome"),
    )  # fmt: skip


# Jobs, with what may be large only for those who need it.
LIGHT = _jobs()
WITH_BODY = _jobs(body=_c.body)
WITH_OUTCOME = _jobs(outcome=_c.outcome)
# A label is a few bytes; the observation of a prediction may be a megabyte.
WITH_LABEL = _jobs(body=case((_c.kind == Kind.UPDATE, _c.body)))


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted request. `seq` orders jobs by their acceptance.

    The request's body is empty and `outcome` is None unless the query that found the job says that
    it reads them: both may be large, and most who ask for jobs have no use for them.
    """

    seq: int
    request: Request
    lane: Lane
    status: Status
    reply_to: str | None
    attempts: int
    submitted_at: datetime
    finished_at: datetime | None
    status_code: int | None
    outcome: dict[str, Any] | None
    # An earlier version has cleared it in its way.
    emptied: bool


def lease_ran_out(connection: Connection) -> ColumnElement[bool]:
    """A job's process has died, or its lease has run out; or the database's clock was set back
    since it was claimed, and nobody knows when it would."""
    over = _c.leased_until < statement_start(connection)
    return (_c.status == Status.RUNNING) & (over | is_to_come(connection, _c.started_at))


def is_to_come(connection: Connection, moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether what was the time once is still to come: the database's clock was set back."""
    return moment > statement_start(connection, SET_BACK)


def as_job(found: Row[Any]) -> Job:
    """A row that one of the selects above has read."""
    observation_id = ObservationId(found.observation_id, bool(found.observation_id_is_text))
    kind = Kind(found.kind)
    return Job(
        seq=found.seq,
        request=Request(found.job_id, kind, observation_id, found.body or "", accepted=True),
        lane=Lane(found.lane),
        status=Status(found.status),
        reply_to=found.reply_to,
        attempts=found.attempts,
        submitted_at=found.submitted_at,
        finished_at=found.finished_at,
        status_code=found.status_code,
        outcome=found.outcome,
        emptied=found.cleared_at is not None,
    )
