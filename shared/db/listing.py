"""Every query that lists predictions.

Whoever pages to the end, and goes on later from the last `id` seen, must get every row once. Rows
are numbered before they are committed, so a row may appear after another one with a higher number;
whoever had gone on from that one would never see it. A listing therefore ends at a number up to
which every row is committed, or never will be:

1. It reads the last number that was drawn.
2. It reads from which numbers on the open transactions store. Each says so, by an advisory lock,
   before it draws the first and until its end (`queuecast_store`, in the migrations). What was
   drawn by 1. and belongs to none of them belongs to a transaction that has ended, since PostgreSQL
   shows what a transaction wrote before it lets its locks go.
3. What is read after that, by a new statement, is complete up to the smallest of these numbers.

Nobody waits for a listing: it takes no lock, and storing takes one more that never conflicts. A
listing waits a little for who stores already, so that a client finds the row that it has just been
given. A transaction that does not end, of a worker that was frozen say, hides what comes after it
until the server ends it.

SQLite lets one writer in at a time, who draws the next number above the highest, so that numbers
are committed in their order. Rows are only deleted by the transaction that inserted them: no number
that anybody saw is given twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, Text, func, or_, select, type_coerce

from shared.db.engine import Database
from shared.db.seen_rows import SEEN, as_seen
from shared.db.selection import EVERYTHING, Selection
from shared.db.tables import PREDICTION

# A page ends at whichever comes first; it has at least one row.
PAGE_ROWS, PAGE_BYTES = 500, 2**20
# What a row weighs beside its texts, in bytes.
_FRAME = 256
# So many rows are looked at by one query for those of a selection.
STRETCH_ROWS = 10_000
# How long a listing waits for who stores already, and how often it looks, in seconds.
SETTLING_WAIT, LOOK_EVERY = 0.5, 0.005

_c = PREDICTION.c

_LAST_DRAWN = """
    SELECT greatest(
        (SELECT max(id) FROM prediction),
        pg_sequence_last_value(pg_get_serial_sequence('prediction', 'id')::regclass), 0)
"""
_STORING_FROM = """
    SELECT objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 2
      AND classid = pg_get_serial_sequence('prediction', 'id')::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def settled_until(database: Database) -> int:
    """Up to which `id` all rows are there that ever will be. Pages are to be read after this, in
    other transactions.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    last = database.read(last_drawn)
    deadline = time.monotonic() + SETTLING_WAIT
    while (settled := database.read(lambda c: settled_of(c, last))) < last:
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK_EVERY)
    return settled


def last_drawn(connection: Connection) -> int:
    """The highest `id` that a row has, or that a row may have which is not committed yet."""
    if connection.dialect.name == "sqlite":
        return connection.execute(select(func.max(_c.id))).scalar() or 0
    return int(connection.exec_driver_sql(_LAST_DRAWN).scalar_one())


def settled_of(connection: Connection, last: int) -> int:
    """`last`, or the smallest number above which an open transaction may have stored. `last` was
    drawn before this is called."""
    if connection.dialect.name == "sqlite":
        return last
    settled = last
    for low in connection.exec_driver_sql(_STORING_FROM).scalars():
        # The number is known by its lower 32 bits. One in the other half is above `last`: that
        # transaction began later.
        below = (last - low) % 2**32
        if below < 2**31:
            settled = min(settled, last - below)
    return settled


def pages(
    database: Database, after: int, until: int, limit: int, selection: Selection = EVERYTHING
) -> Iterator[list[dict[str, Any]]]:
    """The first `limit` rows of a selection with an `id` above `after` and up to `until`, oldest
    first, a page at a time, each in a transaction of its own.

    No index leads to the rows of a selection: it would cost every insert, and clients who come back
    for what is new say after which `id`. So the table is read in the order of `id`, by stretches
    that are short for a database, and a page may be empty: nothing of a stretch was asked for.
    Whoever reads may stop, or do something else, before the next.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    while after < until and limit > 0:
        end = (
            until
            if selection == EVERYTHING
            else database.read(
                lambda c, after=after: stretch_end(c, after, until)  # type: ignore[misc]
            )
        )
        while limit > 0:
            found = database.read(
                lambda c, after=after, end=end, limit=limit: page(c, after, end, limit, selection)  # type: ignore[misc]
            )
            yield found
            if not found:
                break
            limit -= len(found)
            after = found[-1]["id"]
        after = end


def stretch_end(connection: Connection, after: int, until: int) -> int:
    """The `id` of the last of the next `STRETCH_ROWS` rows above `after` and up to `until`; `until`
    when there is none. Numbers have gaps, so that a distance between two of them says little."""
    stretch = select(_c.id).where(_c.id > after, _c.id <= until).order_by(_c.id)
    rows = stretch.limit(STRETCH_ROWS).subquery()
    last = connection.execute(select(func.max(rows.c.id))).scalar()
    return until if last is None else int(last)


def page(
    connection: Connection, after: int, until: int, limit: int, selection: Selection = EVERYTHING
) -> list[dict[str, Any]]:
    """Rows of a selection with an `id` above `after` and up to `until`, oldest first: at most
    `limit` of them, at most `PAGE_ROWS`, and no more than weigh `PAGE_BYTES`. Empty when there is
    none."""
    bounds = [_c.id > after, _c.id <= until, *selection.conditions()]
    query: Select[Any] = select(*SEEN).where(*bounds).order_by(_c.id)
    query = query.limit(min(limit, PAGE_ROWS))
    if connection.dialect.name == "sqlite":
        return _as_they_come(connection, query)
    # The server adds up the sizes, for which it need not read what it stores apart.
    rows = query.subquery()
    size = func.octet_length(rows.c.observation) + _FRAME
    for texts in (rows.c.true_class, rows.c.answer):
        size += func.coalesce(func.octet_length(type_coerce(texts, Text)), 0)
    weight = func.sum(size).over(order_by=rows.c.id)
    weighed = select(rows, size.label("size"), weight.label("weight")).subquery()
    fits = or_(weighed.c.weight <= PAGE_BYTES, weighed.c.weight == weighed.c.size)
    seen = [weighed.c[str(column.key)] for column in SEEN]
    found: Select[Any] = select(*seen).where(fits).order_by(weighed.c.id)
    return [as_seen(row) for row in connection.execute(found)]


def _as_they_come(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """SQLite reads a row when it is asked for."""
    found = connection.execute(query)
    rows: list[dict[str, Any]] = []
    weight = 0
    while (row := found.fetchone()) is not None:
        weight += len(row.observation.encode()) + _FRAME
        weight += len(row.true_class) if isinstance(row.true_class, str) else 0
        weight += 0 if row.answer is None else len(json.dumps(row.answer))
        if rows and weight > PAGE_BYTES:
            break
        rows.append(as_seen(row))
    found.close()
    return rows
