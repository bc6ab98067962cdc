"""Pieces whose message or process was lost, or that were given up, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from shared.db import batch_pieces, piece_claims
from shared.db.clock import clock
from shared.db.engine import Database
from shared.db.piece_rows import ClaimedPiece
from shared.db.tables import BATCH_PIECE
from shared.errors import ModelFaultError
from shared.queue.messages import SET_ASIDE
from shared.queue.piece_lane import PieceLane
from shared.queue.piece_message import Piece
from tests.queued_batches import Queued, line, queue, stored
from worker.pieces.pace import Pace
from worker.pieces.recovery import LOST_AFTER, PieceRecovery
from worker.pieces.runner import PieceRunner
from worker.served_model import ServedModel


@pytest.fixture
def recovery(database: Database, lane: PieceLane) -> PieceRecovery:
    # Of other tests nothing is left that could be lost.
    database.write(lambda c: c.execute(text("DELETE FROM batch_piece")))
    taken(lane)
    return PieceRecovery(database, lane)


def taken(lane: PieceLane) -> list[tuple[int, int]]:
    """The pieces that wait on the lane, by their numbers, which is empty then."""
    found = []
    while (piece := lane.take()) is not None:
        found.append((piece.batch_seq, piece.number))
    return found


def claim(database: Database, piece: Piece) -> ClaimedPiece | None:
    """As a process does it, whole."""
    return database.write(
        lambda c: piece_claims.claim(c, piece, piece.message_id, 60.0, lambda p: [p.part])[0]
    )


def attempts(batch: Queued) -> list[tuple[str, int]]:
    return [(row.status, row.attempts) for row in batch.rows()]


def published(batch: Queued, seconds_ago: float) -> None:
    """Let the messages of its pieces have been sent so long ago."""
    statement = update(BATCH_PIECE).where(BATCH_PIECE.c.batch_seq == batch.seq)
    batch.database.write(lambda c: c.execute(statement.values(published_at=clock(c, -seconds_ago))))


def test_a_lost_message(database: Database, lane: PieceLane, recovery: PieceRecovery) -> None:
    """It is published again when it has waited on an empty lane, or when later ones are run; not
    before, and not twice."""
    first, second = (queue(database, [[line(n)], [line(n + 1)]]) for n in (70, 80))
    published(first, LOST_AFTER + 5)
    lane.publish(second.pieces)
    recovery.return_lost()
    assert taken(lane) == [(second.seq, 0), (second.seq, 1)]
    recovery.return_lost()
    assert taken(lane) == [(first.seq, 0), (first.seq, 1)]
    recovery.return_lost()
    assert taken(lane) == []
    published(first, LOST_AFTER + 5)
    lane.publish(second.pieces[1:])
    assert claim(database, second.pieces[0]) is not None
    recovery.return_lost()
    assert taken(lane) == [(second.seq, 1), (first.seq, 0), (first.seq, 1)]


def test_a_lost_process(database: Database, lane: PieceLane, recovery: PieceRecovery) -> None:
    """Its attempts count; after the third the row is set aside, and the batch ends."""
    batch = queue(database, [[line("deadly")], [line("beside")]])
    piece = batch.pieces[0]
    for number in range(1, 4):
        again = Piece(batch.seq, 0)
        assert claim(database, again) is not None
        recovery.set_aside()
        assert attempts(batch)[0] == ("running", number)
        recovery.recover(again)
        # What has no try left is not published again.
        assert taken(lane) == ([(batch.seq, 0)] if number < 3 else [])
    assert claim(database, piece) is None
    recovery.set_aside()
    assert [(r["line"], r["id"], r["error"], r["original"]) for r in batch.rejects()] == [
        (1, "deadly", SET_ASIDE, line("deadly"))
    ]
    assert batch.counts() == (2, 0, 0, 1)
    assert batch.status() == "running"


def test_an_attempt_is_given_back(
    database: Database, lane: PieceLane, recovery: PieceRecovery
) -> None:
    """Of what was given up, since only the database did not answer; what another runs by now is
    left alone."""
    batch = queue(database, [[line("given up")]])
    piece = batch.pieces[0]
    assert claim(database, piece) is not None
    recovery.given_up(piece)
    recovery.give_back()
    assert attempts(batch) == [("running", 0)]
    recovery.return_lost()
    assert taken(lane) == [(batch.seq, 0)]
    other = Piece(batch.seq, 0)
    assert claim(database, other) is not None
    recovery.given_up(piece)
    recovery.give_back()
    recovery.return_lost()
    assert (attempts(batch), taken(lane)) == ([("running", 1)], [])


def test_what_another_runs_is_not_stored(
    runner: PieceRunner, database: Database, recovery: PieceRecovery
) -> None:
    """A process that was frozen for longer than its lease finds that it holds nothing any more."""
    batch = queue(database, [[line("frozen")]])
    held = claim(database, batch.pieces[0])
    assert held is not None
    assert database.write(lambda c: batch_pieces.hold(c, held))
    recovery.recover(batch.pieces[0])
    runner.run(Piece(batch.seq, 0))
    assert not database.write(lambda c: batch_pieces.hold(c, held))
    assert batch.counts() == (1, 1, 0, 0)


def test_a_batch_that_is_cancelled_while_it_is_scored(
    served: ServedModel, database: Database, lane: PieceLane
) -> None:
    """Nothing of it is stored after that."""
    batch = queue(database, [[line("late")]])

    def look() -> float:
        if batch.status() == "running":
            batch.cancel()
        return 0.0

    PieceRunner(served, database, lane, 20.0, 30.0, Pace(look)).run(batch.pieces[0])
    assert "late" not in stored(database)
    assert attempts(batch) == [("cancelled", 1)]


def test_a_batch_that_nobody_has_ended(
    runner: PieceRunner, database: Database, recovery: PieceRecovery
) -> None:
    """A process that dies behind its last piece leaves it to the sweep."""
    batch = queue(database, [[line("last")]])
    runner.run(batch.pieces[0])
    again = text("UPDATE batch SET status = 'running', finished_at = NULL WHERE seq = :seq")
    database.write(lambda c: c.execute(again, {"seq": batch.seq}))
    recovery.return_lost()
    assert batch.status() == "succeeded"


class Broken:
    """A pipeline that has stopped to answer."""

    def predict_proba(self, _frame: Any) -> Any:
        raise RuntimeError("no connection to the feature store")


def test_a_model_that_answers_nothing_any_more(
    served: ServedModel, database: Database, lane: PieceLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is at fault and not the rows, which wait until it answers."""
    batch = queue(database, [[line("waiting")]])
    broken = replace(served.model, pipeline=Broken())
    runner = PieceRunner(served, database, lane, 20.0, 30.0)
    with monkeypatch.context() as patch:
        patch.setattr(served, "_model", broken)
        with pytest.raises(ModelFaultError):
            runner.run(batch.pieces[0])
    assert attempts(batch) == [("running", 1)]
    query = select(BATCH_PIECE.c.rejects).where(BATCH_PIECE.c.batch_seq == batch.seq)
    assert database.read(lambda c: c.execute(query).scalar_one()) is None
