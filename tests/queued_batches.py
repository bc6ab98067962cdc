"""Batches for tests, as a gateway leaves them in the database when it has received them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from shared.db.clock import clock
from shared.db.engine import Database
from shared.db.tables import BATCH, BATCH_PIECE, PREDICTION
from shared.queue.messages import new_request_id
from shared.queue.piece_message import Piece
from tests.system import FIRST_PASSENGER

_b, _p = BATCH.c, BATCH_PIECE.c


@dataclass(frozen=True, slots=True)
class Queued:
    """A batch in the database."""

    database: Database
    seq: int
    pieces: list[Piece]

    def rows(self) -> list[Any]:
        """Its pieces in the order of the file, as they are now."""
        query = select(BATCH_PIECE).where(_p.batch_seq == self.seq).order_by(_p.first_line)
        return self.database.read(lambda c: list(c.execute(query)))

    def status(self) -> str:
        query = select(_b.status).where(_b.seq == self.seq)
        return str(self.database.read(lambda c: c.execute(query).scalar_one()))

    def counts(self) -> tuple[int, int, int, int]:
        """Lines, succeeded, duplicate and rejected, over all pieces."""
        columns = (_p.lines, _p.succeeded, _p.duplicate, _p.rejected)
        query = select(*map(func.sum, columns)).where(_p.batch_seq == self.seq)
        found = self.database.read(lambda c: c.execute(query).one())
        return tuple(int(number) for number in found)  # type: ignore[return-value]

    def rejects(self) -> list[dict[str, Any]]:
        return [reject for row in self.rows() for reject in row.rejects or []]

    def cancel(self) -> None:
        """As a gateway does it."""
        from shared.db import batch_pieces

        def work(connection: Connection) -> None:
            batch_pieces.wait_for_storing_of(connection, self.seq)
            connection.execute(update(BATCH).where(_b.seq == self.seq).values(status="cancelled"))
            connection.execute(
                update(BATCH_PIECE)
                .where(_p.batch_seq == self.seq, _p.status == "queued")
                .values(status="cancelled")
            )

        self.database.write(work)


def queue(
    database: Database,
    pieces: Sequence[Sequence[str]],
    *,
    kind: str = "predict",
    format: str = "ndjson",
    columns: list[str] | None = None,
    complete: bool = True,
    label_number: int | None = None,
    rejects: list[dict[str, Any]] | None = None,
) -> Queued:
    """Have a batch whose pieces hold these lines; `rejects` were made when they came."""

    def work(connection: Connection) -> int:
        now = connection.execute(select(clock(connection))).scalar_one()
        seq: int = connection.execute(
            insert(BATCH)
            .values(
                batch_id=new_request_id(), kind=kind, format=format, status="queued",
                submitted_at=now, changed_at=now, upload_complete=complete, columns=columns,
                pieces=len(pieces),
            )
            .returning(_b.seq)
        ).scalar_one()  # fmt: skip
        first = 1 if columns is None else 2
        for number, lines in enumerate(pieces):
            body = "\n".join(lines)
            connection.execute(
                insert(BATCH_PIECE).values(
                    batch_seq=seq, number=number, first_line=first, lines=len(lines), body=body,
                    status="queued", published_at=now, label_number=label_number,
                    rejects=rejects, rejected=len(rejects or ()),
                )
            )  # fmt: skip
            first += len(lines)
        return seq

    seq = database.write(work)
    return Queued(database, seq, [Piece(seq, number) for number in range(len(pieces))])


def stored(database: Database) -> dict[str, Any]:
    """The predictions, by the key of their observation."""
    query = select(PREDICTION).order_by(PREDICTION.c.id)
    return {row.observation_id: row for row in database.read(lambda c: list(c.execute(query)))}


def line(observation_id: Any, observation: Any = FIRST_PASSENGER, **more: Any) -> str:
    """A line of NDJSON that is to be predicted."""
    return json.dumps({"id": observation_id, "observation": observation, **more})
