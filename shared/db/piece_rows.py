"""How pieces of batches are read from their table, and what is asked of each, or done with each, in
more than one place.

Who locks both locks the row of a batch before those of its pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, literal_column, select, update
from sqlalchemy.sql.elements import ColumnElement

from shared.db.clock import clock, statement_start
from shared.db.job_rows import is_to_come
from shared.db.tables import BATCH, BATCH_PIECE
from shared.queue.messages import UNFINISHED, Kind, Status

_b, _p = BATCH.c, BATCH_PIECE.c
# Written into the statement rather than bound to it, as for jobs.
is_unfinished = _p.status.in_([literal_column(f"'{status}'") for status in UNFINISHED])
# The same of batches: those that have not ended.
is_open = _b.status.in_([literal_column(f"'{status}'") for status in ("receiving", *UNFINISHED)])


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a batch: the number of the first in the file, how many rows they are, and their
    text, with a newline between two."""

    first_line: int
    rows: int
    text: str

    def own(self, rejects: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of these rejects that are of its lines."""
        lines = range(self.first_line, self.first_line + self.rows)
        return [reject for reject in rejects if reject["line"] in lines]


@dataclass(frozen=True, slots=True)
class ClaimedPiece:
    """A piece that is run. `attempts` were counted before this one; `columns` is the header of a
    CSV file; `rejects` are those of its lines that were refused when they came; `label_number`
    orders its labels, if it has such, among all updates."""

    batch_seq: int
    number: int
    claim_id: str
    kind: Kind
    format: str
    columns: list[str] | None
    part: Part
    attempts: int
    rejects: list[dict[str, Any]]
    label_number: int | None = None


def lease_ran_out(connection: Connection) -> ColumnElement[bool]:
    """A piece's process has died, or its lease has run out; or the database's clock was set back
    since it was claimed."""
    over = _p.leased_until < statement_start(connection)
    return (_p.status == Status.RUNNING) & (over | is_to_come(connection, _p.started_at))


def draw_numbers(connection: Connection, batch_seq: int, count: int) -> list[int]:
    """Numbers for so many more pieces of a batch, whose row is locked by this."""
    if not count:
        return []
    statement = update(BATCH).where(_b.seq == batch_seq).values(pieces=_b.pieces + count)
    last = connection.execute(statement.returning(_b.pieces)).scalar_one()
    return list(range(last - count, last))


def add(
    connection: Connection, of: ClaimedPiece, parts: Sequence[Part], numbers: Sequence[int]
) -> None:
    """Make pieces of these parts of another, which was tried as often as that."""
    if not parts:
        return
    now = connection.execute(select(clock(connection))).scalar_one()
    rows = [
        {
            "batch_seq": of.batch_seq,
            "number": number,
            "first_line": part.first_line,
            "lines": part.rows,
            "body": part.text,
            "status": Status.QUEUED,
            "attempts": of.attempts,
            "published_at": now,
            "label_number": of.label_number,
            "rejects": rejects or None,
            "rejected": len(rejects),
        }
        for part, number in zip(parts, numbers, strict=True)
        for rejects in [part.own(of.rejects)]
    ]
    connection.execute(insert(BATCH_PIECE), rows)


def cancel(connection: Connection, batch_seq: int, number: int) -> None:
    """End an unfinished piece of a batch that was cancelled."""
    values = {
        "status": Status.CANCELLED, "finished_at": clock(connection), "leased_until": None
    }  # fmt: skip
    connection.execute(
        update(BATCH_PIECE).where(is_piece(batch_seq, number), is_unfinished).values(values)
    )


def is_piece(batch_seq: int, number: int) -> ColumnElement[bool]:
    """Whether it is this piece."""
    return (_p.batch_seq == batch_seq) & (_p.number == number)


def mark(claim_id: str) -> str:
    """How a claim is written down."""
    return f" {claim_id}"


def held_by(claim_id: str) -> ColumnElement[bool]:
    """Whether it is this claim by which a piece runs."""
    latest = _p.claimed_by.endswith(mark(claim_id), autoescape=True)
    return (_p.status == Status.RUNNING) & func.coalesce(latest, False)
