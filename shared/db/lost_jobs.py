"""Jobs whose message or whose process was lost, and those that no process lived to end."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select, update

from shared.db.clock import clock, statement_start
from shared.db.conditions import among
from shared.db.job_rows import (
    LIGHT,
    MOST_ATTEMPTS,
    Job,
    as_job,
    is_to_come,
    is_unfinished,
    lease_ran_out,
)
from shared.db.tables import JOB
from shared.queue.messages import Lane, Outcome, Status

_c = JOB.c


def return_lost(
    connection: Connection, lane: Lane, lane_is_empty: bool, patience: float, limit: int
) -> list[Job]:
    """Jobs of a lane whose message is lost, queued and marked as published now, oldest first.

    A lane is first in, first out. So a queued job is lost when it was published `patience`
    seconds before the one whose message came last, or when it has waited that long and nothing is
    left on its lane. A running job is lost when its lease has run out: whoever ran it is dead.
    """
    here = (_c.lane == lane) & is_unfinished
    oldest = connection.execute(select(func.min(_c.published_at)).where(here)).scalar()
    if oldest is None:
        return []
    overtaken = _c.published_at < statement_start(connection, -patience)
    if not lane_is_empty:
        overtaken = _c.published_at < _reached(connection, lane, oldest) - timedelta(
            seconds=patience
        )
    # Of what seems to be published in the future nobody can tell when it is overtaken.
    overtaken |= is_to_come(connection, _c.published_at)
    lost = or_(
        (_c.status == Status.QUEUED) & overtaken,
        lease_ran_out(connection) & (_c.attempts < MOST_ATTEMPTS),
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
    jobs = connection.execute(LIGHT.where(among(_c.seq, seqs)).order_by(_c.seq))
    return [as_job(found) for found in jobs]


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


def set_aside(connection: Connection, limit: int) -> list[Job]:
    """Fail the jobs that no process lived to end, each tried `MOST_ATTEMPTS` times; as they are
    now."""
    worn = lease_ran_out(connection) & (_c.attempts >= MOST_ATTEMPTS)
    # In the order of the index of unfinished jobs, as in `return_lost`.
    query = (
        select(_c.seq).where(is_unfinished, worn).order_by(_c.lane, _c.published_at).limit(limit)
    )
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
    return [as_job(found) for found in connection.execute(LIGHT.where(among(_c.seq, seqs)))]
