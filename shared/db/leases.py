"""Every query on the `lease` table: which worker may do what only one may do at a time."""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_, select, update

from shared.db.clock import clock, statement_start
from shared.db.dialects import insert_into
from shared.db.tables import LEASE

# Held by the worker that finds lost jobs; there is one as long as any worker runs.
SWEEPER = "sweeper"


def hold(connection: Connection, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease by the database's clock; false when another holds it. All take it for
    as many seconds: one that ends much later was taken before the clock was set back."""
    now = statement_start(connection)
    c = LEASE.c
    values = {"holder": holder, "expires_at": clock(connection, seconds)}
    set_back = c.expires_at > statement_start(connection, 2 * seconds)
    mine = or_(c.holder == holder, c.expires_at < now, set_back)
    if connection.execute(update(LEASE).where(c.name == name, mine).values(values)).rowcount:
        return True
    if connection.execute(select(c.name).where(c.name == name)).first():
        return False
    statement = insert_into(connection, LEASE).values(name=name, **values).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def release(connection: Connection, name: str, holder: str) -> None:
    """Give a lease back, so that the next holder need not wait for it to run out."""
    connection.execute(delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder))


def is_held(connection: Connection, name: str) -> bool:
    """Whether anybody holds a lease."""
    c = LEASE.c
    held = select(c.name).where(c.name == name, c.expires_at > statement_start(connection))
    return connection.execute(held).first() is not None
