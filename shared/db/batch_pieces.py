"""How the run of a piece of a batch ends, and the batch with its last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text, update

from shared.db.clock import clock
from shared.db.piece_rows import (
    ClaimedPiece,
    Part,
    add,
    cancel,
    draw_numbers,
    held_by,
    is_piece,
    is_unfinished,
)
from shared.db.tables import BATCH, BATCH_PIECE
from shared.queue.messages import Status
from shared.queue.piece_message import Piece

# Held while rows of a batch are stored (shared) and while it is cancelled (exclusive).
_STORING_OF_BATCH = 0x42617463
# A batch may have ended when so few of its pieces, or fewer, seem to be unfinished beside one that
# ends: others may be ending at the same moment.
_MANY = 64

_b, _p = BATCH.c, BATCH_PIECE.c


@dataclass(frozen=True, slots=True)
class Ended:
    """How the run of a piece ended: how many of its rows made a prediction or a label, had one
    already, and were refused, and why; and what of its answers the rows do not hold."""

    succeeded: int
    duplicate: int
    rejects: list[dict[str, Any]]
    results: dict[str, Any]


def hold(connection: Connection, piece: ClaimedPiece) -> bool:
    """Whether this claim still holds the piece, whose batch is not cancelled; nobody changes that
    until the end of this transaction. To be asked before its rows are stored."""
    _lock_batch(connection, piece.batch_seq, "pg_advisory_xact_lock_shared")
    # The next statement sees what was committed while this one waited.
    query = select(_b.status).join_from(BATCH_PIECE, BATCH, _p.batch_seq == _b.seq)
    held = query.where(is_piece(piece.batch_seq, piece.number), held_by(piece.claim_id))
    status = connection.execute(held.with_for_update(of=BATCH_PIECE)).scalar()
    if status == Status.CANCELLED:
        cancel(connection, piece.batch_seq, piece.number)
    return status is not None and status != Status.CANCELLED


def finish(connection: Connection, piece: ClaimedPiece, ended: Ended, more: Sequence[Part]) -> (
    tuple[bool, list[Piece]]
):  # fmt: skip
    """Write down how the run of a piece ended that `hold` has found to be held. `more` are lines of
    it that were left out: they become pieces of their own, which are returned to be published.

    Also returns whether the batch may have ended with it: then ask `end_batch` afterwards, in a
    transaction by itself.
    """
    numbers = draw_numbers(connection, piece.batch_seq, len(more))
    left = [reject["line"] for part in more for reject in part.own(piece.rejects)]
    kept = [reject for reject in piece.rejects if reject["line"] not in left]
    rejects = sorted([*kept, *ended.rejects], key=lambda reject: int(reject["line"]))
    connection.execute(
        update(BATCH_PIECE)
        .where(is_piece(piece.batch_seq, piece.number))
        .values(
            status=Status.SUCCEEDED,
            lines=piece.part.rows - sum(part.rows for part in more),
            # Its rows and its rejects hold all of it by now.
            body="",
            succeeded=ended.succeeded,
            duplicate=ended.duplicate,
            rejected=len(rejects),
            rejects=rejects or None,
            results=ended.results,
            finished_at=clock(connection),
            leased_until=None,
            claimed_by=None,
        )
    )
    add(connection, piece, more, numbers)
    others = select(_p.number).where(_p.batch_seq == piece.batch_seq, is_unfinished).limit(_MANY)
    return len(connection.execute(others).all()) < _MANY, [
        Piece(piece.batch_seq, number) for number in numbers
    ]


def end_batch(connection: Connection, batch_seq: int) -> bool:
    """End a batch that has come whole and has no unfinished piece; whether it was this that ended
    it."""
    unfinished = select(_p.number).where(_p.batch_seq == batch_seq, is_unfinished).limit(1)
    over = (
        (_b.seq == batch_seq)
        & _b.upload_complete
        & _b.status.in_((Status.QUEUED, Status.RUNNING))
        & ~unfinished.exists()
    )
    if connection.execute(select(_b.seq).where(over)).first() is None:
        return False
    # Whoever adds pieces holds this row: what it has added is seen when this has got it.
    connection.execute(select(_b.seq).where(_b.seq == batch_seq).with_for_update())
    ended = update(BATCH).where(over)
    now = clock(connection)
    values = {"status": Status.SUCCEEDED, "finished_at": now, "changed_at": now}
    return connection.execute(ended.values(values)).rowcount == 1


def wait_for_storing_of(connection: Connection, batch_seq: int) -> None:
    """Wait until no row of a batch is uncommitted, and hold new ones off until the end of this
    transaction, which cancels it. On SQLite every writer is alone anyway."""
    _lock_batch(connection, batch_seq, "pg_advisory_xact_lock")


def _lock_batch(connection: Connection, batch_seq: int, function: str) -> None:
    if connection.dialect.name == "sqlite":
        return
    # A lock has room for the lower 32 bits of a number.
    lock = {"lock": _STORING_OF_BATCH, "batch": (batch_seq & 0xFFFFFFFF) - 2**31}
    connection.execute(text(f"SELECT {function}(:lock, :batch)"), lock)
