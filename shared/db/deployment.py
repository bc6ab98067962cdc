"""The only query on the `queuecast_deployment` table: which deployment a database belongs to."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shared.db.tables import DEPLOYMENT


def namespace(connection: Connection) -> str:
    """A word of its own for each database, the same for every process that uses it."""
    return str(connection.execute(select(DEPLOYMENT.c.namespace)).scalar_one())
