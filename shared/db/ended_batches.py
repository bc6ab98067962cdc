"""Batches that have ended, deleted when they were kept for long enough, and batches that nobody
goes on with. Predictions stay."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from shared.db import cleared_jobs
from shared.db.clock import clock, statement_start
from shared.db.conditions import among
from shared.db.piece_rows import is_open
from shared.db.tables import BATCH, BATCH_PIECE
from shared.queue.messages import Status

ABANDONED = "nobody went on with it for as long as JOB_RETENTION"

_b, _p = BATCH.c, BATCH_PIECE.c


def fail_abandoned(connection: Connection, retention: float) -> int:
    """End the batches that have not come whole, and of which nothing came for `retention` seconds;
    how many these were. What was taken in of them is scored all the same."""
    now = clock(connection)
    old = _b.changed_at < statement_start(connection, -retention)
    return connection.execute(
        update(BATCH)
        .where(is_open, _b.status == "receiving", old)
        .values(status=Status.FAILED, error=ABANDONED, finished_at=now)
    ).rowcount


def clear_ended(connection: Connection, retention: float, limit: int) -> bool:
    """Delete some pieces, at most `limit`, of a batch that ended longer ago than `retention`
    seconds, and with the last of them the batch, whose id is remembered. False when there was
    none."""
    old = _b.finished_at < statement_start(connection, -retention)
    query = select(_b.seq, _b.batch_id).where(old).order_by(_b.finished_at).limit(1)
    batch = connection.execute(query.with_for_update(skip_locked=True)).first()
    if batch is None:
        return False
    pieces = select(_p.number).where(_p.batch_seq == batch.seq).order_by(_p.number).limit(limit)
    numbers = list(connection.execute(pieces).scalars())
    connection.execute(
        delete(BATCH_PIECE).where(_p.batch_seq == batch.seq, among(_p.number, numbers))
    )
    if len(numbers) < limit:
        connection.execute(delete(BATCH).where(_b.seq == batch.seq))
        cleared_jobs.remember(connection, [batch.batch_id])
    return True
