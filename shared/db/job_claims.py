"""Who runs a job: claims, and their ends. A claim counts a try, and lasts as long as its lease."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, case, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.job_rows import MOST_ATTEMPTS, WITH_BODY, Job, as_job, is_unfinished, lease_ran_out
from shared.db.tables import JOB
from shared.queue.messages import Kind, Status

_c = JOB.c


def claim(
    connection: Connection, job_ids: Sequence[str], group_id: str, lease: float, alone: bool
) -> dict[str, Job]:
    """Take jobs for running, as part of this group: counts the attempt and leases them for so many
    seconds. They come with their bodies.

    What has ended, is cancelled, or runs elsewhere under a lease is left out; so is a job before
    its last try unless it is `alone`, or it could be set aside for what another does; and so is a
    prediction before which another of its observation was accepted that has not ended: the first
    wins. The sweeper brings what was left out, as long as it has not ended. Commit before
    the work starts, so that an attempt which kills its process is counted. What this group has
    claimed already is given again and counted once: its first commit may have been unanswered.
    """
    if not job_ids:
        return {}
    now = clock(connection)
    lost = lease_ran_out(connection) & (_c.attempts < MOST_ATTEMPTS)
    free = or_(_c.status == Status.QUEUED, lost)
    if not alone:
        free &= _c.attempts < MOST_ATTEMPTS - 1
    mine = _held_by(group_id)
    # Locked in one order, as in `lock`. A locked one is waited for rather than skipped: it may be
    # an update that looks whether this job is still to come, and then waits for it.
    taken = select(_c.seq, _c.observation_id).where(among(_c.job_id, job_ids), free | mine)
    found = connection.execute(taken.order_by(_c.seq).with_for_update()).all()
    seqs = _first_of_their_ids(connection, {job.seq: job.observation_id for job in found})
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
    jobs = connection.execute(WITH_BODY.where(among(_c.seq, seqs)))
    return {found.job_id: as_job(found) for found in jobs}


def _first_of_their_ids(connection: Connection, keys: dict[int, str]) -> list[int]:
    """Those of these predictions, by number with the key of their observations, before which no
    other of their observation is unfinished that is not among these."""
    if not keys:
        return []
    earlier = (
        select(_c.observation_id, func.min(_c.seq).label("first"))
        .where(
            among(_c.observation_id, set(keys.values())),
            is_unfinished,
            _c.kind == Kind.PREDICT,
            _c.seq.not_in(bindparam("claimed", list(keys), expanding=True)),
        )
        .group_by(_c.observation_id)
    )
    first = {job.observation_id: job.first for job in connection.execute(earlier)}
    return [seq for seq, key in keys.items() if seq < first.get(key, seq + 1)]


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
    query = select(_c.seq).where(among(_c.job_id, job_ids), is_unfinished).order_by(_c.seq)
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


def _mark(group_id: str) -> str:
    return f" {group_id}"


def _held_by(group_id: str) -> ColumnElement[bool]:
    """Whether it is this group that runs a job."""
    latest = _c.claimed_by.endswith(_mark(group_id), autoescape=True)
    return (_c.status == Status.RUNNING) & latest
