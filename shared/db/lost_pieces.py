"""Pieces of batches whose message or whose process was lost, those that no process lived to end,
and batches that nobody has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, case, func, or_, select, update

from shared.db.clock import clock, statement_start
from shared.db.job_rows import MOST_ATTEMPTS, is_to_come
from shared.db.piece_rows import held_by, is_open, is_piece, is_unfinished, lease_ran_out, mark
from shared.db.tables import BATCH, BATCH_PIECE
from shared.queue.messages import Status
from shared.queue.piece_message import Piece

_b, _p = BATCH.c, BATCH_PIECE.c


def end_leases(connection: Connection, claim_id: str) -> None:
    """Let pieces whose process died with this claim be claimed again at once. Their attempts stay
    counted; what another runs by now is left alone."""
    connection.execute(
        update(BATCH_PIECE)
        .where(is_unfinished, held_by(claim_id))
        .values(leased_until=clock(connection, -1.0))
    )


def give_back(connection: Connection, claim_id: str) -> None:
    """Take back the attempts that were counted for this claim, since its process lives and only the
    database, or the model, did not answer. Their leases end, unless another runs them by now.

    It may be asked again, and asked when it is not known whether the claim was committed.
    """
    counted = _p.claimed_by.contains(mark(claim_id), autoescape=True) & (_p.attempts > 0)
    ended = case((held_by(claim_id), clock(connection, -1.0)), else_=_p.leased_until)
    connection.execute(
        update(BATCH_PIECE)
        .where(is_unfinished, counted)
        .values(
            attempts=_p.attempts - 1,
            claimed_by=func.replace(_p.claimed_by, mark(claim_id), ""),
            leased_until=ended,
        )
    )


def return_lost(
    connection: Connection, lane_is_empty: bool, patience: float, limit: int
) -> list[Piece]:
    """Pieces whose message is lost, queued and marked as published now, in the order of their
    lines.

    The lane is first in, first out. So a queued piece is lost when it was published `patience`
    seconds before one that runs, or when it has waited that long and nothing is left on the lane.
    One that runs is lost when its lease has run out: whoever ran it is dead.
    """
    overtaken = _p.published_at < statement_start(connection, -patience)
    if not lane_is_empty:
        reached = connection.execute(
            select(func.max(_p.published_at)).where(is_unfinished, _p.status == Status.RUNNING)
        ).scalar()
        overtaken = (
            _p.published_at < reached - timedelta(seconds=patience)
            if reached is not None
            else _p.published_at.is_(None)
        )
    overtaken |= is_to_come(connection, _p.published_at)
    lost = or_(
        (_p.status == Status.QUEUED) & overtaken,
        lease_ran_out(connection) & (_p.attempts < MOST_ATTEMPTS),
    )
    query = select(_p.batch_seq, _p.number).where(is_unfinished, lost)
    found = connection.execute(
        query.order_by(_p.published_at).limit(limit).with_for_update(skip_locked=True)
    ).all()
    now = connection.execute(select(clock(connection))).scalar_one()
    for row in found:
        connection.execute(
            update(BATCH_PIECE)
            .where(is_piece(row.batch_seq, row.number))
            .values(status=Status.QUEUED, published_at=now, leased_until=None)
        )
    return [Piece(row.batch_seq, row.number) for row in sorted(found, key=tuple)]


def worn(connection: Connection, limit: int) -> list[Any]:
    """The pieces that no process lived to end, each tried `MOST_ATTEMPTS` times, locked: with their
    batch's kind and format, and their text."""
    gone = lease_ran_out(connection) & (_p.attempts >= MOST_ATTEMPTS)
    query = select(
        _p.batch_seq,
        _p.number,
        _p.first_line,
        _p.body,
        _p.rejects,
        _b.batch_id,
        _b.kind,
        _b.format,
        _b.columns,
    ).join_from(BATCH_PIECE, BATCH, _b.seq == _p.batch_seq)
    query = query.where(is_unfinished, gone).order_by(_p.published_at).limit(limit)
    return list(connection.execute(query.with_for_update(skip_locked=True, of=BATCH_PIECE)))


def set_aside(
    connection: Connection, batch_seq: int, number: int, rejects: list[dict[str, Any]]
) -> None:
    """Reject the rows of a worn piece."""
    connection.execute(
        update(BATCH_PIECE)
        .where(is_piece(batch_seq, number), is_unfinished)
        .values(
            status=Status.SUCCEEDED,
            body="",
            rejected=len(rejects),
            rejects=rejects,
            results={"ids": [], "lines": []},
            finished_at=clock(connection),
            leased_until=None,
            claimed_by=None,
        )
    )


def cancel_lost(connection: Connection) -> None:
    """End what ran, when its process died, of batches that were cancelled."""
    cancelled = select(_b.seq).where(_b.status == Status.CANCELLED, _b.seq == _p.batch_seq)
    values = {"status": Status.CANCELLED, "finished_at": clock(connection)}
    over = or_(_p.status == Status.QUEUED, lease_ran_out(connection))
    connection.execute(
        update(BATCH_PIECE).where(is_unfinished, over, cancelled.exists()).values(values)
    )


def maybe_over(connection: Connection, limit: int) -> list[int]:
    """The batches that have come whole and have no unfinished piece, and that nobody has ended."""
    unfinished = select(_p.number).where(_p.batch_seq == _b.seq, is_unfinished)
    query = select(_b.seq).where(
        is_open, _b.status != "receiving", _b.upload_complete, ~unfinished.exists()
    )
    return list(connection.execute(query.order_by(_b.seq).limit(limit)).scalars())
