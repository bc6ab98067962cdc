"""What a worker process does with one piece of a batch: claim, read, score, store."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from shared.db import batch_pieces, lost_pieces, piece_claims
from shared.db.engine import Database
from shared.db.piece_rows import ClaimedPiece, Part
from shared.errors import DatabaseRefusedError, UnavailableError
from shared.queue.messages import Kind, MessageError
from shared.queue.piece_lane import PieceLane
from shared.queue.piece_message import Piece
from worker.pieces import labelling, storing
from worker.pieces.answering import answer
from worker.pieces.dividing import divided, most_rows
from worker.pieces.labelling import recognise_all
from worker.pieces.pace import Pace
from worker.pieces.predicting import predict
from worker.pieces.reading import read, split
from worker.pieces.storing import Stored
from worker.served_model import ServedModel

log = logging.getLogger(__name__)

# For how long a process goes on with pieces, in seconds, before it asks its worker for a new task.
_TURN = 5.0


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let no garbage be looked for meanwhile: thousands of objects are made that are still in use,
    and looking through them again and again takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class PieceRunner:
    """Runs pieces against the model that is served and one database.

    `limit` is how long rows may be scored before their process is ended, and `lease` for how long
    no other process may claim a piece; both in seconds.
    """

    def __init__(
        self, served: ServedModel, database: Database, lane: PieceLane, limit: float, lease: float,
        pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self._served = served
        self._database = database
        self._lane = lane
        self._limit = limit
        self._lease = lease
        self._pace = pace or Pace()

    def run(self, piece: Piece) -> None:
        """Run a piece, and then those that come next on the lane, for as long as nobody waits for
        anything else; one that has ended, or runs elsewhere, is left alone. All are claimed under
        the id of the first one's message, which the worker's parent process knows.

        Raises:
            UnavailableError, DatabaseFaultError, ModelFaultError: the database, or the model, did
                not do its part, and a piece was given up: its attempt is to be given back.
        """
        until = time.monotonic() + _TURN
        claim_id = piece.message_id
        next_one: Piece | None = piece
        while next_one is not None:
            self._run(next_one, claim_id)
            is_over = self._served.state.stopping or time.monotonic() > until
            next_one = None if is_over else self._next()

    def _next(self) -> Piece | None:
        try:
            return self._lane.take()
        except UnavailableError as error:
            log.warning("no further piece: %s", error)
        except MessageError as error:
            log.error("a message was dropped: %s", error)
        return None

    def _run(self, piece: Piece, claim_id: str) -> None:
        claimed, others = self._database.write(
            lambda c: piece_claims.claim(c, piece, claim_id, self._lease, self._divide)
        )
        self._publish(others)
        if claimed is None:
            return
        with _collector_paused():
            self._work(claimed)

    def _work(self, claimed: ClaimedPiece) -> None:
        lines = read(
            split(claimed.part.text, claimed.format), claimed.format, claimed.columns, claimed.kind
        )
        known = {int(reject["line"]) - claimed.part.first_line for reject in claimed.rejects}
        model = self._served.model
        if claimed.kind is Kind.UPDATE:
            labels = recognise_all(lines, known, model.answering)
            stored = self._commit(claimed, lambda c: labelling.store(c, claimed, labels, lines))
        else:
            predicted = predict(
                lines,
                known,
                model,
                lambda values, rows: answer(values, rows, model, self._pace, self._limit),
            )
            self._served.judge_piece(predicted.errors, predicted.is_answered)
            stored = self._commit(
                claimed, lambda c: storing.store(c, claimed, predicted, lines.texts)
            )
        self._publish(stored.more)
        if stored.may_have_ended:
            self._database.write(lambda c: batch_pieces.end_batch(c, claimed.batch_seq))

    def _commit(self, claimed: ClaimedPiece, store: Callable[[Connection], Stored]) -> Stored:
        try:
            return self._database.write(store)
        except DatabaseRefusedError as error:
            # Some row of it is at fault. Its attempt counts, so that it is tried again in ever
            # smaller parts, and only that row is set aside.
            log.error("a piece of a batch was not stored: %s", error)
            self._database.write(lambda c: lost_pieces.end_leases(c, claimed.claim_id))
            return Stored(False, [])

    def _divide(self, claimed: ClaimedPiece) -> list[Part]:
        size = most_rows(claimed.attempts)
        if size is None or claimed.part.rows <= size:
            return [claimed.part]
        return divided(claimed.part, split(claimed.part.text, claimed.format), size)

    def _publish(self, pieces: Sequence[Piece]) -> None:
        try:
            self._lane.publish(pieces)
        except UnavailableError as error:
            # The sweeper does it.
            log.warning("%d pieces wait for Redis: %s", len(pieces), error)
