"""Who runs a piece of a batch. A claim counts a try, and lasts as long as its lease."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, case, func, or_, select, update

from shared.db.clock import clock
from shared.db.job_rows import MOST_ATTEMPTS
from shared.db.piece_rows import (
    ClaimedPiece,
    Part,
    add,
    cancel,
    draw_numbers,
    held_by,
    is_piece,
    is_unfinished,
    lease_ran_out,
    mark,
)
from shared.db.tables import BATCH, BATCH_PIECE
from shared.queue.messages import Kind, Status
from shared.queue.piece_message import Piece

_b, _p = BATCH.c, BATCH_PIECE.c


def claim(
    connection: Connection,
    piece: Piece,
    claim_id: str,
    lease: float,
    divide: Callable[[ClaimedPiece], Sequence[Part]],
) -> tuple[ClaimedPiece | None, list[Piece]]:
    """Take a piece for running: counts the attempt and leases it for so many seconds. None when it
    has ended, is cancelled, or runs elsewhere under a lease.

    `divide` says into which parts it is to be divided first: the piece keeps the first, and the
    others become pieces of their own, which are returned to be published. Commit before the work
    starts, so that an attempt which kills its process is counted. What was claimed under this id
    already is given again and counted once: the first commit may have been unanswered.
    """
    query = select(
        _b.kind, _b.format, _b.columns, _b.started_at, _b.status.label("batch_status"),
        _p.first_line, _p.lines, _p.body, _p.attempts, _p.rejects,
        _p.label_number,
        held_by(claim_id).label("mine"),
    ).join_from(BATCH, BATCH_PIECE, _p.batch_seq == _b.seq)  # fmt: skip
    row = connection.execute(
        query.where(is_piece(piece.batch_seq, piece.number), is_unfinished)
    ).first()
    if row is None:
        return None, []
    if row.batch_status == Status.CANCELLED:
        cancel(connection, piece.batch_seq, piece.number)
        return None, []
    found = ClaimedPiece(
        piece.batch_seq, piece.number, claim_id, Kind(row.kind), row.format, row.columns,
        Part(row.first_line, row.lines, row.body), row.attempts - int(row.mine), row.rejects or [],
        row.label_number,
    )  # fmt: skip
    if row.started_at is None:
        _start(connection, piece.batch_seq)
    kept, *others = divide(found)
    numbers = draw_numbers(connection, piece.batch_seq, len(others))
    if not _take(connection, found, kept, lease):
        return None, []
    add(connection, found, others, numbers)
    own = replace(found, part=kept, rejects=kept.own(found.rejects))
    return own, [Piece(piece.batch_seq, number) for number in numbers]


def _start(connection: Connection, batch_seq: int) -> None:
    connection.execute(
        update(BATCH)
        .where(_b.seq == batch_seq, _b.started_at.is_(None))
        .values(
            started_at=clock(connection),
            status=case((_b.status == Status.QUEUED, Status.RUNNING), else_=_b.status),
        )
    )


def _take(connection: Connection, found: ClaimedPiece, kept: Part, lease: float) -> bool:
    mine = held_by(found.claim_id)
    lost = lease_ran_out(connection) & (_p.attempts < MOST_ATTEMPTS)
    free = or_(_p.status == Status.QUEUED, lost)
    values: dict[str, Any] = {
        "status": Status.RUNNING,
        "attempts": found.attempts + 1,
        "claimed_by": case(
            (mine, _p.claimed_by),
            else_=func.coalesce(_p.claimed_by, "").concat(mark(found.claim_id)),
        ),
        "started_at": clock(connection),
        "leased_until": clock(connection, lease),
    }
    if kept is not found.part:
        rejects = kept.own(found.rejects)
        values |= {"lines": kept.rows, "body": kept.text}
        values |= {"rejects": rejects or None, "rejected": len(rejects)}
    taken = connection.execute(
        update(BATCH_PIECE)
        # As it was read: another may have run it, or divided it, meanwhile.
        .where(
            is_piece(found.batch_seq, found.number),
            _p.lines == found.part.rows,
            or_(mine, free & (_p.attempts == found.attempts)),
        )
        .values(values)
    )
    return taken.rowcount == 1
