"""What becomes of pieces whose process died, that were given up, or that no process has begun; and
of those that are found to be lost. Runs in the worker's parent process."""

from __future__ import annotations

import logging
from collections import deque

from sqlalchemy import Connection

from shared.db import batch_pieces, lost_pieces
from shared.db.engine import Database
from shared.db.wait_limit import allow_waiting
from shared.errors import DatabaseAwayError, UnansweredError
from shared.queue.messages import SET_ASIDE, Kind
from shared.queue.piece_lane import PieceLane
from shared.queue.piece_message import Piece
from worker.pieces.reading import read, split
from worker.pieces.rejects import reject
from worker.pieces.storing import as_rejects

log = logging.getLogger(__name__)

# As for jobs: a piece is lost when pieces that were published so many seconds later run.
LOST_AFTER = 10.0
# How long a worker that stops waits for the database, in seconds.
LAST_WAIT = 3.0
# At most so many pieces a sweep, so that each of its transactions is short.
_MOST_RETURNED = 500


class PieceRecovery:
    """Lets pieces be tried again, or sets the row aside that no process lives to answer."""

    def __init__(self, database: Database, lane: PieceLane) -> None:
        self._database = database
        self._lane = lane
        self._given_up: deque[Piece] = deque()

    def recover(self, piece: Piece) -> None:
        """Let a piece be tried again whose process died.

        Raises:
            DatabaseAwayError, BrokerAwayError: one of them does not answer. It is found by a later
                sweep.
        """
        log.warning("a process was lost with a piece of a batch")
        self._database.write(lambda c: lost_pieces.end_leases(c, piece.message_id))
        self.return_lost()

    def put_back(self, piece: Piece) -> None:
        """Publish a piece again that no process has begun.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        self._lane.publish([piece])

    def given_up(self, piece: Piece) -> None:
        """Remember a piece that was given up; any thread may call this."""
        self._given_up.append(piece)

    def give_back(self) -> None:
        """Give back the attempts of what was given up; the next sweep publishes it again.

        Raises:
            DatabaseAwayError: the database still does not answer.
        """
        while self._given_up:
            piece = self._given_up.popleft()
            try:
                self._database.write(lambda c, p=piece: lost_pieces.give_back(c, p.message_id))  # type: ignore[misc]
            except DatabaseAwayError:
                self._given_up.appendleft(piece)
                raise

    def give_back_at_the_end(self) -> None:
        """The same with one short try, when this worker stops and its processes have ended."""
        try:
            with allow_waiting(LAST_WAIT):
                self.give_back()
        except DatabaseAwayError as error:
            log.warning("%d pieces keep an attempt too many: %s", len(self._given_up), error)

    def return_lost(self) -> None:
        """Publish lost pieces again, and end batches that nobody has ended.

        Raises:
            DatabaseAwayError, BrokerAwayError: one of them does not answer.
        """
        is_empty = self._lane.is_empty()
        self._database.write(lost_pieces.cancel_lost)
        lost = self._database.write(
            lambda c: lost_pieces.return_lost(c, is_empty, LOST_AFTER, _MOST_RETURNED)
        )
        if lost:
            log.warning("%d pieces of batches had no message: published again", len(lost))
            self._lane.publish(lost)
        for batch_seq in self._database.read(lambda c: lost_pieces.maybe_over(c, _MOST_RETURNED)):
            self._database.write(lambda c, seq=batch_seq: batch_pieces.end_batch(c, seq))  # type: ignore[misc]

    def set_aside(self) -> None:
        """Reject the rows that no process lived to answer, each tried alone at last.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        for batch_id, line in self._database.write(_set_aside):
            log.error("line %d of batch %s was %s", line, batch_id, SET_ASIDE)


def _set_aside(connection: Connection) -> list[tuple[str, int]]:
    """Set aside what was tried often enough; the batches and the lines."""
    worn = lost_pieces.worn(connection, _MOST_RETURNED)
    for row in worn:
        lines = read(split(row.body, row.format), row.format, row.columns, Kind(row.kind))
        error = UnansweredError(SET_ASIDE)
        # One row, as its last try was of it alone.
        rejects = [reject(place, found, error) for place, found in enumerate(lines.documents)]
        lost_pieces.set_aside(
            connection, row.batch_seq, row.number,
            [*(row.rejects or []), *as_rejects(rejects, row.first_line, lines.texts)],
        )  # fmt: skip
    return [(row.batch_id, row.first_line) for row in worn]
