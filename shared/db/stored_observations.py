"""Every query that reads stored observations to score them again; none of them writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from shared.db.conditions import among
from shared.db.engine import Database
from shared.db.selection import Selection
from shared.db.tables import PREDICTION
from shared.db.wait_limit import allow_waiting
from shared.observation_id import ObservationId

# A page ends at whichever comes first; it has at least one row.
PAGE_ROWS, PAGE_BYTES = 4096, 8 * 2**20
# How long one query may take: to count the rows of a large table is to read all of it. In seconds.
LONGEST = 600.0

_c = PREDICTION.c


@dataclass(frozen=True, slots=True)
class StoredObservation:
    """A row of the `prediction` table: `body` is what its client sent, `proba` the probability that
    it was told."""

    row_id: int
    body: str
    proba: float
    true_class: Any
    model_version: str | None


@dataclass(frozen=True, slots=True)
class Extent:
    """How many rows a selection has, between which values of `id`, and when they were predicted."""

    rows: int
    first: int
    last: int
    earliest: datetime | None
    latest: datetime | None


def extent(database: Database, selection: Selection, newest: int | None = None) -> Extent:
    """The extent of a selection as it is now, or of the `newest` rows of it.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    with allow_waiting(LONGEST):
        return database.read(lambda c: _extent(c, selection, newest))


def pages(
    database: Database, selection: Selection, within: Extent
) -> Iterator[list[StoredObservation]]:
    """The rows of a selection, oldest first, a page at a time, each in a transaction of its own: a
    long one would keep the server from clearing away what has been replaced.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    after = within.first - 1
    while after < within.last:
        with allow_waiting(LONGEST):
            found = database.read(lambda c, after=after: page(c, selection, after, within.last))  # type: ignore[misc]
        if not found:
            return
        yield found
        after = found[-1].row_id


def page(
    connection: Connection, selection: Selection, after: int, until: int
) -> list[StoredObservation]:
    """The next rows of a selection with an `id` above `after` and up to `until`, at most
    `PAGE_ROWS` and no more than weigh `PAGE_BYTES`; empty when there is none."""
    bounds = [_c.id > after, _c.id <= until, *_conditions(selection)]
    size = _size(connection)
    rows = select(_c.id, size).where(*bounds).order_by(_c.id).limit(PAGE_ROWS)
    last, weight = after, 0
    for row_id, bytes_of_row in connection.execute(rows).all():
        weight += bytes_of_row
        if last > after and weight > PAGE_BYTES:
            break
        last = row_id
    query: Select[Any] = select(_c.id, _c.observation, _c.proba, _c.true_class, _c.model_version)
    query = query.where(_c.id > after, _c.id <= last, *_conditions(selection)).order_by(_c.id)
    return [StoredObservation(*row) for row in connection.execute(query)]


def observation_ids(database: Database, row_ids: Sequence[int]) -> dict[int, int | str]:
    """The ids of some rows' observations as they were sent, by the rows' own.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    query = select(_c.id, _c.observation_id, _c.observation_id_is_text)
    query = query.where(among(_c.id, row_ids))
    found = database.read(lambda c: c.execute(query).all())
    return {row_id: ObservationId(key, is_text).as_sent for row_id, key, is_text in found}


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    # What has no probability has nothing that a candidate's could be compared with.
    return [_c.proba.is_not(None), *selection.conditions()]


def _size(connection: Connection) -> ColumnElement[int]:
    # PostgreSQL knows a text's bytes without reading it; SQLite knows its characters.
    function = func.length if connection.dialect.name == "sqlite" else func.octet_length
    found: ColumnElement[int] = function(_c.observation)
    return found


def _extent(connection: Connection, selection: Selection, newest: int | None) -> Extent:
    chosen = select(_c.id, _c.predicted_at).where(*_conditions(selection))
    if newest is not None:
        chosen = chosen.order_by(_c.id.desc()).limit(newest)
    some = chosen.subquery()
    found = connection.execute(
        select(
            func.count(), func.min(some.c.id), func.max(some.c.id),
            func.min(some.c.predicted_at), func.max(some.c.predicted_at),
        ).select_from(some)
    ).one()  # fmt: skip
    rows, first, last, earliest, latest = found
    return Extent(rows, first or 0, last or 0, earliest, latest)
