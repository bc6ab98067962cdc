"""Dead letters: jobs that were set aside, each tried as often as a job may be."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.job_rows import LIGHT, MOST_ATTEMPTS, WITH_OUTCOME, Job, as_job
from shared.db.tables import JOB
from shared.queue.messages import Status

_c = JOB.c
# So long ago, in seconds, is what is queued again said to have been published: longer than a worker
# waits for a message before it publishes the job again.
_OVERDUE = 60.0
_dead = (_c.status == Status.FAILED) & (_c.attempts >= MOST_ATTEMPTS) & _c.cleared_at.is_(None)


def dead_letters(connection: Connection) -> list[Job]:
    """Jobs that failed for good after `MOST_ATTEMPTS` tries, in the order of acceptance; with
    their outcomes."""
    query = WITH_OUTCOME.where(_dead).order_by(_c.seq)
    return [as_job(found) for found in connection.execute(query)]


def replay(connection: Connection, job_ids: Sequence[str]) -> list[Job]:
    """Queue dead letters again, with all their tries; what is none is left alone.

    They have no message; the next sweep of a worker finds that and publishes them.
    """
    query = (
        select(_c.seq).where(_dead, among(_c.job_id, job_ids)).order_by(_c.seq).with_for_update()
    )
    seqs = list(connection.execute(query).scalars())
    if not seqs:
        return []
    fresh = {
        "attempts": 0, "started_at": None, "status_code": None, "outcome": None,
        "finished_at": None,
    }  # fmt: skip
    connection.execute(
        update(JOB)
        .where(among(_c.seq, seqs))
        .values(status=Status.QUEUED, published_at=clock(connection, -_OVERDUE), **fresh)
    )
    jobs = connection.execute(LIGHT.where(among(_c.seq, seqs)).order_by(_c.seq))
    return [as_job(found) for found in jobs]
