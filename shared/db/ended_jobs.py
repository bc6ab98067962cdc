"""Jobs that have ended, deleted when they were kept for long enough."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from shared.db import cleared_jobs
from shared.db.clock import statement_start
from shared.db.conditions import among
from shared.db.tables import JOB
from shared.queue.messages import Status

# For how long a cancelled job is kept at least, in seconds, though the retention be shorter: a
# message from before it was a job may be with a process that is frozen, and nothing else would
# keep that process from storing the prediction.
CANCELLED_KEPT = 600.0

_c = JOB.c


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
