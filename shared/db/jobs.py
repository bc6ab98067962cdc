"""Every query on the `job` table: what was promised, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.elements import ColumnElement

from shared.db import cleared_jobs
from shared.db.clock import clock, statement_start
from shared.db.conditions import among
from shared.db.engine import Database
from shared.db.tables import JOB
from shared.observation_id import ObservationId
from shared.queue.messages import UNFINISHED, Kind, Lane, Outcome, Request, Status

# A job that was claimed so often without coming to an end is set aside.
MOST_ATTEMPTS = 3
# For how long a cancelled job is kept at least, in seconds, though the retention be shorter: a
# message from before it was a job may be with a process that is frozen, and nothing else would
# keep that process from storing the prediction.
CANCELLED_KEPT = 600.0
# A clock that was set back by less than so many seconds only makes some wait for that much longer.
SET_BACK = 5.0

_c = JOB.c
# Written into the statement rather than bound to it: SQLite takes a partial index only when the
# statement has the index's own condition, word for word.
_unfinished = _c.status.in_([literal_column(f"'{status}'") for status in UNFINISHED])
_dead = (_c.status == Status.FAILED) & (_c.attempts >= MOST_ATTEMPTS) & _c.cleared_at.is_(None)


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
_LIGHT = _jobs()
_WITH_BODY = _jobs(body=_c.body)
_WITH_OUTCOME = _jobs(outcome=_c.outcome)
# A label is a few bytes; the observation of a prediction may be a megabyte.
_WITH_LABEL = _jobs(body=case((_c.kind == Kind.UPDATE, _c.body)))

_PROMISED = """
    SELECT EXISTS (SELECT FROM job WHERE job_id = ANY(%(job_ids)s::text[]))
        OR EXISTS (SELECT FROM job WHERE observation_id = ANY(%(job_keys)s::text[])
                                     AND status = ANY(%(unfinished)s::text[]))
"""


# One statement however many the jobs are. They are numbered in the order of the arrays.
_ACCEPT = """
    INSERT INTO job (seq, job_id, kind, lane, status, observation_id, observation_id_is_text, body,
                     reply_to, submitted_at, published_at)
    SELECT coalesce(number, nextval(pg_get_serial_sequence('job', 'seq'))), job_id, kind,
           %(lane)s, %(queued)s, key, is_text, body, %(reply_to)s, statement_timestamp(),
           statement_timestamp()
    FROM unnest(%(job_ids)s::text[], %(kinds)s::text[], %(keys)s::text[],
                %(are_text)s::boolean[], %(bodies)s::text[], %(numbers)s::bigint[])
        WITH ORDINALITY AS incoming (job_id, kind, key, is_text, body, number, place)
    ORDER BY place
    ON CONFLICT (job_id) DO NOTHING
"""
_DRAW = """
    SELECT array_agg(nextval(pg_get_serial_sequence('job', 'seq')))
    FROM generate_series(1, %(count)s)
"""
# Where SQLite keeps the last number of each table whose numbers are never given twice.
_SQLITE_DRAW = "UPDATE sqlite_sequence SET seq = seq + :count WHERE name = 'job' RETURNING seq"
_SQLITE_BEGIN = "INSERT INTO sqlite_sequence (name, seq) VALUES ('job', :count)"

_FINISH = """
    UPDATE job
    SET status = ended.status, status_code = ended.status_code, outcome = ended.outcome,
        started_at = coalesce(job.started_at, clock_timestamp()), finished_at = clock_timestamp(),
        leased_until = NULL, claimed_by = NULL
    FROM unnest(%(job_ids)s::text[], %(statuses)s::text[], %(codes)s::smallint[],
                %(outcomes)s::text[]) AS ended (job_id, status, status_code, outcome)
    WHERE job.job_id = ended.job_id AND job.status = ANY(%(unfinished)s::text[])
"""


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


def draw_numbers(database: Database, count: int) -> list[int]:
    """So many numbers for jobs to be, rising and never given twice; at least one.

    Raises:
        DatabaseAwayError: as `Database.write`.
    """
    if not database.on_sqlite:
        (numbers,) = database.write_at_once(_DRAW, {"count": count})
        return list(numbers)
    last = database.write(lambda connection: _draw_on_sqlite(connection, count))
    return list(range(last - count + 1, last + 1))


def _draw_on_sqlite(connection: Connection, count: int) -> int:
    last: int | None = connection.execute(text(_SQLITE_DRAW), {"count": count}).scalar()
    if last is None:
        connection.execute(text(_SQLITE_BEGIN), {"count": count})
    return last or count


def accept(
    connection: Connection, requests: Sequence[Request], lane: Lane, reply_to: str | None
) -> None:
    """Write down a promise for each request, in their order. A request that has one keeps it. An
    update that has drawn its number keeps that, too."""
    if not requests:
        return
    if connection.dialect.name != "sqlite":
        parameters = {
            "lane": lane,
            "queued": Status.QUEUED,
            "reply_to": reply_to,
            "job_ids": [r.request_id for r in requests],
            "kinds": [r.kind for r in requests],
            "keys": [r.observation_id.key for r in requests],
            "are_text": [r.observation_id.is_text for r in requests],
            "bodies": [r.body for r in requests],
            "numbers": [r.number for r in requests],
        }
        connection.exec_driver_sql(_ACCEPT, parameters)
        return
    now = connection.execute(select(clock(connection))).scalar_one()
    rows = [
        {
            "seq": r.number,
            "job_id": r.request_id,
            "kind": r.kind,
            "lane": lane,
            "status": Status.QUEUED,
            "observation_id": r.observation_id.key,
            "observation_id_is_text": r.observation_id.is_text,
            "body": r.body,
            "reply_to": reply_to,
            "submitted_at": now,
            "published_at": now,
        }
        for r in requests
    ]
    connection.execute(sqlite_insert(JOB).on_conflict_do_nothing(), rows)


def known(connection: Connection, job_ids: Sequence[str]) -> set[str]:
    """Those of these ids that are jobs."""
    return set(connection.execute(select(_c.job_id).where(among(_c.job_id, job_ids))).scalars())


def claim(
    connection: Connection, job_ids: Sequence[str], group_id: str, lease: float, alone: bool
) -> dict[str, Job]:
    """Take jobs for running, as part of this group: counts the attempt and leases them for so many
    seconds. They come with their bodies.

    What has ended, is cancelled, or runs elsewhere under a lease is left out; so is a job before
    its last try unless it is `alone`, or it could be set aside for what another does. Commit before
    the work starts, so that an attempt which kills its process is counted. What this group has
    claimed already is given again and counted once: its first commit may have been unanswered.
    """
    if not job_ids:
        return {}
    now = clock(connection)
    lost = _lease_ran_out(connection) & (_c.attempts < MOST_ATTEMPTS)
    free = or_(_c.status == Status.QUEUED, lost)
    if not alone:
        free &= _c.attempts < MOST_ATTEMPTS - 1
    mine = _held_by(group_id)
    # Locked in one order, as in `lock`. A locked one is waited for rather than skipped: it may be
    # an update that looks whether this job is still to come, and then waits for it.
    taken = select(_c.seq).where(among(_c.job_id, job_ids), free | mine).order_by(_c.seq)
    seqs = list(connection.execute(taken.with_for_update()).scalars())
    if not seqs:
        return {}
    connection.execute(
        update(JOB)
        .where(among(_c.seq, seqs))
        .values(
            status=Status.RUNNING,
            attempts=case((mine, _c.attempts), else_=_c.attempts + 1),
            claimed_by=case(
                (mine, _c.claimed_by),
                else_=func.coalesce(_c.claimed_by, "").concat(_mark(group_id)),
            ),
            started_at=now,
            leased_until=clock(connection, lease),
        )
    )
    jobs = connection.execute(_WITH_BODY.where(among(_c.seq, seqs)))
    return {found.job_id: _job(found) for found in jobs}


def lock(connection: Connection, job_ids: Sequence[str], keys: Sequence[str]) -> list[Job]:
    """Jobs with these ids, and unfinished ones of these observations, in the order of acceptance.
    Updates come with their bodies.

    Held until the transaction ends. Everything that a prediction or an update touches is locked
    by this one statement and so in one order: two transactions never wait for each other.
    """
    wanted: list[ColumnElement[bool]] = [among(_c.observation_id, keys) & _unfinished]
    if job_ids:
        wanted.append(among(_c.job_id, job_ids))
    query = _WITH_LABEL.where(or_(*wanted)).order_by(_c.seq).with_for_update()
    return [_job(found) for found in connection.execute(query)]


def any_of(connection: Connection, job_ids: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether `lock` would find anything: a look that costs little when nothing was promised."""
    if connection.dialect.name == "sqlite":
        return bool(lock(connection, job_ids, keys))
    parameters = {
        "job_ids": list(job_ids), "job_keys": list(keys), "unfinished": list(UNFINISHED)
    }  # fmt: skip
    return bool(connection.exec_driver_sql(_PROMISED, parameters).scalar())


def finish(connection: Connection, outcomes: Iterable[Outcome]) -> None:
    """Record how jobs ended; one that has ended already stays as it is."""
    first = {o.request_id: o for o in reversed(list(outcomes))}
    ended = [
        {
            "ended": o.request_id,
            "status": o.job_status,
            "status_code": o.status_code,
            "outcome": o.body,
        }
        for o in first.values()
    ]
    if not ended:
        return
    if connection.dialect.name != "sqlite":
        parameters = {
            "job_ids": [e["ended"] for e in ended],
            "statuses": [e["status"] for e in ended],
            "codes": [e["status_code"] for e in ended],
            "outcomes": [json.dumps(e["outcome"]) for e in ended],
            "unfinished": list(UNFINISHED),
        }
        connection.exec_driver_sql(_FINISH, parameters)
        return
    statement = (
        update(JOB)
        .where(_c.job_id == bindparam("ended"), _unfinished)
        .values(
            status=bindparam("status"),
            status_code=bindparam("status_code"),
            outcome=bindparam("outcome"),
            started_at=func.coalesce(_c.started_at, clock(connection)),
            finished_at=clock(connection),
            leased_until=None,
            claimed_by=None,
        )
    )
    connection.execute(statement, ended)


def cancel(connection: Connection, job_id: str) -> Status | None:
    """Cancel a queued job. The state it is in afterwards; None when there is no such job."""
    query = select(_c.status).where(_c.job_id == job_id).with_for_update()
    state = connection.execute(query).scalar()
    if state != Status.QUEUED:
        return None if state is None else Status(state)
    connection.execute(
        update(JOB)
        .where(_c.job_id == job_id)
        .values(status=Status.CANCELLED, finished_at=clock(connection))
    )
    return Status.CANCELLED


def find(connection: Connection, job_id: str) -> Job | None:
    """One job with its outcome, or None when it was never accepted."""
    found = connection.execute(_WITH_OUTCOME.where(_c.job_id == job_id)).first()
    return None if found is None else _job(found)


def find_all(connection: Connection, job_ids: Sequence[str]) -> dict[str, Job]:
    """Jobs by id, with their outcomes; what was never accepted is left out."""
    found = connection.execute(_WITH_OUTCOME.where(among(_c.job_id, job_ids)))
    return {row.job_id: _job(row) for row in found}


def unfinished(connection: Connection, keys: Sequence[str]) -> list[Job]:
    """The unfinished jobs of these observations, in the order of acceptance."""
    query = _LIGHT.where(among(_c.observation_id, keys), _unfinished).order_by(_c.seq)
    return [_job(found) for found in connection.execute(query)]


def return_lost(
    connection: Connection, lane: Lane, lane_is_empty: bool, patience: float, limit: int
) -> list[Job]:
    """Jobs of a lane whose message is lost, queued and marked as published now, oldest first.

    A lane is first in, first out. So a queued job is lost when it was published `patience`
    seconds before the one whose message came last, or when it has waited that long and nothing is
    left on its lane. A running job is lost when its lease has run out: whoever ran it is dead.
    """
    here = (_c.lane == lane) & _unfinished
    oldest = connection.execute(select(func.min(_c.published_at)).where(here)).scalar()
    if oldest is None:
        return []
    overtaken = _c.published_at < statement_start(connection, -patience)
    if not lane_is_empty:
        overtaken = _c.published_at < _reached(connection, lane, oldest) - timedelta(
            seconds=patience
        )
    # Of what seems to be published in the future nobody can tell when it is overtaken.
    overtaken |= _is_to_come(connection, _c.published_at)
    lost = or_(
        (_c.status == Status.QUEUED) & overtaken,
        _lease_ran_out(connection) & (_c.attempts < MOST_ATTEMPTS),
    )
    # In the order of the index of unfinished jobs: in the order of `seq` the planner may walk
    # through the whole table.
    query = select(_c.seq).where(here, lost).order_by(_c.published_at).limit(limit)
    seqs = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
    if not seqs:
        return []
    now = clock(connection)
    # A second look must not find them again before a worker has taken their new message.
    queued = {"status": Status.QUEUED, "leased_until": None}
    connection.execute(update(JOB).where(among(_c.seq, seqs)).values(published_at=now, **queued))
    jobs = connection.execute(_LIGHT.where(among(_c.seq, seqs)).order_by(_c.seq))
    return [_job(found) for found in jobs]


def _reached(connection: Connection, lane: Lane, oldest: datetime) -> datetime:
    """How far a lane is: when the job was published whose message came last. When none came since
    `oldest` was published, `oldest` itself; what started before says nothing about later ones."""
    # Of one that was published twice, the first message may have come; one that was waited for
    # first may have ended without any of this lane. Neither says how far the lane is.
    came = [_c.started_at > oldest, _c.published_at == _c.submitted_at]
    if lane is not Lane.INTERACTIVE:  # whose updates are never claimed
        came.append(_c.attempts > 0)
    started = select(_c.published_at).where(_c.lane == lane, *came)
    head = connection.execute(started.order_by(_c.started_at.desc()).limit(1)).scalar()
    return oldest if head is None else head


def end_leases(connection: Connection, job_ids: Sequence[str], group_id: str) -> None:
    """Let jobs whose process died with this group be claimed again at once. Their attempts stay
    counted; what another group runs by now is left alone."""
    connection.execute(
        update(JOB)
        .where(among(_c.job_id, job_ids), _held_by(group_id))
        .values(leased_until=clock(connection, -1.0))
    )


def give_back(connection: Connection, job_ids: Sequence[str], group_id: str) -> None:
    """Take back the attempts that this group was counted for, since its process lives and only
    the database did not answer. Their leases end, unless another group runs them by now.

    It may be asked again, and asked when it is not known whether the claim was committed.
    """
    # A claim whose commit is still under way holds its rows, so that this waits for it. Only the
    # next statement sees what it wrote.
    query = select(_c.seq).where(among(_c.job_id, job_ids), _unfinished).order_by(_c.seq)
    seqs = list(connection.execute(query.with_for_update()).scalars())
    if not seqs:
        return
    mark = _mark(group_id)
    counted = _c.claimed_by.contains(mark, autoescape=True) & (_c.attempts > 0)
    ended = case((_held_by(group_id), clock(connection, -1.0)), else_=_c.leased_until)
    connection.execute(
        update(JOB)
        .where(among(_c.seq, seqs), counted)
        .values(
            attempts=_c.attempts - 1,
            claimed_by=func.replace(_c.claimed_by, mark, ""),
            leased_until=ended,
        )
    )


def set_aside(connection: Connection, limit: int) -> list[Job]:
    """Fail the jobs that no process lived to end, each tried `MOST_ATTEMPTS` times; as they are
    now."""
    worn = _lease_ran_out(connection) & (_c.attempts >= MOST_ATTEMPTS)
    # In the order of the index of unfinished jobs, as in `return_lost`.
    query = select(_c.seq).where(_unfinished, worn).order_by(_c.lane, _c.published_at).limit(limit)
    seqs = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
    if not seqs:
        return []
    outcome = Outcome.set_aside("")
    connection.execute(
        update(JOB)
        .where(among(_c.seq, seqs))
        .values(
            status=Status.FAILED,
            status_code=outcome.status_code,
            outcome=outcome.body,
            finished_at=clock(connection),
            leased_until=None,
            claimed_by=None,
        )
    )
    return [_job(found) for found in connection.execute(_LIGHT.where(among(_c.seq, seqs)))]


def dead_letters(connection: Connection) -> list[Job]:
    """Jobs that failed for good after `MOST_ATTEMPTS` tries, in the order of acceptance; with
    their outcomes."""
    query = _WITH_OUTCOME.where(_dead).order_by(_c.seq)
    return [_job(found) for found in connection.execute(query)]


def replay(connection: Connection, job_ids: Sequence[str]) -> list[Job]:
    """Queue dead letters again, with all their tries; what is none is left alone."""
    query = (
        select(_c.seq).where(_dead, among(_c.job_id, job_ids)).order_by(_c.seq).with_for_update()
    )
    seqs = list(connection.execute(query).scalars())
    if not seqs:
        return []
    fresh = {"attempts": 0, "status_code": None, "outcome": None, "finished_at": None}
    connection.execute(
        update(JOB)
        .where(among(_c.seq, seqs))
        .values(status=Status.QUEUED, published_at=clock(connection), started_at=None, **fresh)
    )
    jobs = connection.execute(_LIGHT.where(among(_c.seq, seqs)).order_by(_c.seq))
    return [_job(found) for found in jobs]


def backlog(connection: Connection, most: int) -> int:
    """How many jobs are unfinished; counted no further than `most`."""
    # Ordered as the index of unfinished jobs is, so that no other way is cheaper.
    waiting = select(_c.lane).where(_unfinished).order_by(_c.lane, _c.published_at)
    some = waiting.limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def ended_within(connection: Connection, seconds: float) -> int:
    """How many jobs ended in the last so many seconds."""
    recent = (_c.finished_at > statement_start(connection, -seconds)) & _c.cleared_at.is_(None)
    return int(connection.execute(select(func.count()).select_from(JOB).where(recent)).scalar_one())


def clear_finished(
    connection: Connection,
    retention: float,
    limit: int,
    since: datetime | None = None,
    emptied: bool = False,
) -> datetime | None:
    """Delete jobs that ended longer ago than `retention` seconds, the oldest first, and remember
    their ids. `emptied` are those that an earlier version has cleared in its way.

    Returns where the next call is to go on, which is its `since`, or None when nothing is left.
    Without it PostgreSQL would look at every deleted job again, each time, until a vacuum.
    """
    kept = statement_start(connection, -max(retention, CANCELLED_KEPT))
    old = [
        _c.cleared_at.is_not(None) if emptied else _c.cleared_at.is_(None),
        _c.finished_at < statement_start(connection, -retention),
        or_(_c.status != Status.CANCELLED, _c.finished_at < kept),
    ]
    if since is not None:
        old.append(_c.finished_at >= since)
    query = select(_c.seq, _c.job_id, _c.finished_at).where(*old).order_by(_c.finished_at)
    found = connection.execute(query.limit(limit).with_for_update(skip_locked=True)).all()
    if found:
        connection.execute(delete(JOB).where(among(_c.seq, [job.seq for job in found])))
        cleared_jobs.remember(connection, [job.job_id for job in found])
    return found[-1].finished_at if len(found) == limit else None


def _mark(group_id: str) -> str:
    return f" {group_id}"


def _held_by(group_id: str) -> ColumnElement[bool]:
    """Whether it is this group that runs a job."""
    latest = _c.claimed_by.endswith(_mark(group_id), autoescape=True)
    return (_c.status == Status.RUNNING) & latest


def _lease_ran_out(connection: Connection) -> ColumnElement[bool]:
    """A job's process has died, or its lease has run out; or the database's clock was set back
    since it was claimed, and nobody knows when it would."""
    over = _c.leased_until < statement_start(connection)
    return (_c.status == Status.RUNNING) & (over | _is_to_come(connection, _c.started_at))


def _is_to_come(connection: Connection, moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether what was the time once is still to come: the database's clock was set back."""
    return moment > statement_start(connection, SET_BACK)


def _job(found: Row[Any]) -> Job:
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
