"""The query that writes down what versions of the model are called; `seen_rows` reads it."""

from __future__ import annotations

from sqlalchemy import Connection

from shared.db.dialects import insert_into
from shared.db.tables import MODEL_NAME


def remember(connection: Connection, version: str, name: str) -> None:
    """A version of the model is called so from now on, in the rows that it made before, too."""
    statement = insert_into(connection, MODEL_NAME).values(version=version, name=name)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[MODEL_NAME.c.version],
            set_={"name": statement.excluded.name},
            where=MODEL_NAME.c.name != statement.excluded.name,
        )
    )
