"""Batches are deleted `JOB_RETENTION` after they have ended, and fail when nobody goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text, update

from shared.db.cleared_jobs import among_cleared
from shared.db.clock import clock
from shared.db.ended_batches import ABANDONED
from shared.db.engine import Database, connect
from shared.db.tables import BATCH, BATCH_PIECE
from shared.settings import Settings
from tests.queued_batches import Queued, line, queue, stored
from worker.clearing import Clearing
from worker.pieces.runner import PieceRunner

HOUR = 3600.0


@pytest.fixture
def clearing(settings: Settings) -> Iterator[Clearing]:
    """Clears what ended an hour ago; not started."""
    own = connect(settings.database_url, connections=1, wait=10.0)
    yield Clearing("me", HOUR, own)
    own.close()


def age(batch: Queued, column: str, seconds: float) -> None:
    """Let this moment of a batch be so long ago."""
    statement = update(BATCH).where(BATCH.c.seq == batch.seq)
    batch.database.write(lambda c: c.execute(statement.values({column: clock(c, -seconds)})))


def pieces(batch: Queued) -> int:
    count = select(func.count()).where(BATCH_PIECE.c.batch_seq == batch.seq)
    return int(batch.database.read(lambda c: c.execute(count).scalar_one()))


def test_what_ended_long_ago_is_deleted(
    runner: PieceRunner, database: Database, clearing: Clearing
) -> None:
    """Its pieces and itself, but for the predictions; its id is known to have been one."""
    old, new = (
        queue(database, [[line(f"{name}-{n}")] for n in range(50)]) for name in ("old", "new")
    )
    for batch in (old, new):
        for piece in batch.pieces:
            runner.run(piece)
    batch_id = database.read(
        lambda c: c.execute(select(BATCH.c.batch_id).where(BATCH.c.seq == old.seq)).scalar_one()
    )
    age(old, "finished_at", HOUR + 5)
    age(new, "finished_at", HOUR - 60)
    assert clearing.clear() is False
    assert (pieces(old), pieces(new)) == (0, 50)
    assert new.status() == "succeeded"
    gone = select(BATCH.c.seq).where(BATCH.c.seq == old.seq)
    assert database.read(lambda c: c.execute(gone).first()) is None
    assert database.read(lambda c: among_cleared(c, [batch_id])) == {batch_id}
    assert "old-7" in stored(database)


def test_what_nobody_goes_on_with_fails(database: Database, clearing: Clearing) -> None:
    """One of which something came lately is left alone."""
    left, going_on = (queue(database, [[line("x")]], complete=False) for _ in range(2))
    receiving = text("UPDATE batch SET status = 'receiving' WHERE seq IN (:one, :other)")
    seqs = {"one": left.seq, "other": going_on.seq}
    database.write(lambda c: c.execute(receiving, seqs))
    age(left, "changed_at", HOUR + 5)
    clearing.clear()
    assert (left.status(), going_on.status()) == ("failed", "receiving")
    error = select(BATCH.c.error).where(BATCH.c.seq == left.seq)
    assert database.read(lambda c: c.execute(error).scalar_one()) == ABANDONED
