"""How much is still to be done, and how fast it gets done."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from shared.db.clock import statement_start
from shared.db.job_rows import is_unfinished
from shared.db.tables import JOB

_c = JOB.c


def backlog(connection: Connection, most: int) -> int:
    """How many jobs are unfinished; counted no further than `most`."""
    # Ordered as the index of unfinished jobs is, so that no other way is cheaper.
    waiting = select(_c.lane).where(is_unfinished).order_by(_c.lane, _c.published_at)
    some = waiting.limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def ended_within(connection: Connection, seconds: float) -> int:
    """How many jobs ended in the last so many seconds."""
    recent = (_c.finished_at > statement_start(connection, -seconds)) & _c.cleared_at.is_(None)
    return int(connection.execute(select(func.count()).select_from(JOB).where(recent)).scalar_one())
