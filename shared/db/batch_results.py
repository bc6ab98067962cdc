"""What came of the rows of a batch, in the order of its file, a piece at a time.

A piece keeps only the ids of its rows, and what their rows in `prediction` do not say: these are
joined when they are asked for, so that nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from shared.db.conditions import among
from shared.db.engine import Database
from shared.db.seen_rows import SEEN, as_seen
from shared.db.tables import BATCH, BATCH_PIECE, PREDICTION
from shared.observation_id import ObservationId

_p = BATCH_PIECE.c
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """One row of a file: its line, its id as it was sent, its row in the database, None when there
    is none, whether that was there before, and what is to be warned of."""

    line: int
    id: int | str
    row: Row | None
    is_duplicate: bool
    warnings: list[str]


def pages(database: Database, batch_id: str) -> Iterator[list[Result]]:
    """The rows of a batch that have ended, a piece at a time.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    for first_line, number in _pieces(database, batch_id):
        yield database.read(
            lambda c, at=first_line, n=number: _results(c, batch_id, at, n)  # type: ignore[misc]
        )


def rejects(database: Database, batch_id: str) -> Iterator[list[Row]]:
    """The lines of a batch that were refused, and why, a piece at a time.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    for _, number in _pieces(database, batch_id):
        yield database.read(
            lambda c, n=number: _of(c, batch_id, n, _p.rejects) or []  # type: ignore[misc]
        )


def _pieces(database: Database, batch_id: str) -> list[tuple[int, int]]:
    """The first line and the number of each piece, in the order of the file."""
    query = (
        select(_p.first_line, _p.number)
        .join_from(BATCH_PIECE, BATCH, _p.batch_seq == BATCH.c.seq)
        .where(BATCH.c.batch_id == batch_id)
        .order_by(_p.first_line)
    )
    return database.read(lambda c: [(row[0], row[1]) for row in c.execute(query)])


def _of(connection: Connection, batch_id: str, number: int, column: Any) -> Any:
    query = (
        select(column)
        .join_from(BATCH_PIECE, BATCH, _p.batch_seq == BATCH.c.seq)
        .where(BATCH.c.batch_id == batch_id, _p.number == number)
    )
    return connection.execute(query).scalar()


def _results(connection: Connection, batch_id: str, first_line: int, number: int) -> list[Result]:
    found = _of(connection, batch_id, number, _p.results)
    if not found:
        return []
    ids = found["ids"]
    lines = found.get("lines") or range(first_line, first_line + len(ids))
    keys = [ObservationId(str(one), isinstance(one, str)).key for one in ids]
    query = select(*SEEN).where(among(PREDICTION.c.observation_id, keys))
    rows = {str(row[1]): as_seen(row) for row in connection.execute(query)}
    duplicates, absent = set(found.get("duplicates") or ()), set(found.get("absent") or ())
    warnings: dict[int, list[str]] = {}
    for texts, places in found.get("warnings") or ():
        for place in places:
            warnings.setdefault(place, []).extend(texts)
    return [
        Result(
            line, sent, None if place in absent else rows.get(key), place in duplicates,
            warnings.get(place, []),
        )
        for place, (line, sent, key) in enumerate(zip(lines, ids, keys, strict=True))
    ]  # fmt: skip
