"""Tables that are there before ours: earlier ones of ours, the ancestor's, and strangers'."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from shared.db.migrations import VERSION_TABLE
from shared.errors import SchemaError

_ALEMBICS = "alembic_version"


def take_over_version(connection: Connection) -> bool:
    """Rename the table of our revision, which had Alembic's own name once. False when there is
    none: that table is ours only beside tables of ours."""
    inspector = inspect(connection)
    if not all(inspector.has_table(name) for name in (_ALEMBICS, "job", "lease", "prediction")):
        return False
    if not {"job_id", "lane"} <= {column["name"] for column in inspector.get_columns("job")}:
        return False
    connection.execute(text(f"ALTER TABLE {_ALEMBICS} RENAME TO {VERSION_TABLE}"))
    if connection.dialect.name != "sqlite":
        # Another program may make a table of the old name, whose key needs its name.
        connection.execute(text(f"ALTER INDEX {_ALEMBICS}_pkc RENAME TO {VERSION_TABLE}_pkc"))
    return True


def refuse_foreign_tables(connection: Connection) -> None:
    """See that no table has the name of one of ours, in a database without a revision of ours.

    Raises:
        SchemaError: one has, and it is not the ancestor's `prediction`.
    """
    inspector = inspect(connection)
    for name in (
        "batch", "batch_piece", "cleared_job", "job", "lease", "queuecast_deployment",
        "queuecast_model",
    ):  # fmt: skip
        if inspector.has_table(name):
            raise SchemaError(
                f"the database has a table {name!r} that is not ours: {_another_place(connection)}"
            )
    if not inspector.has_table("prediction"):
        return
    columns = {column["name"] for column in inspector.get_columns("prediction")}
    expected = {"id", "observation_id", "observation", "proba", "true_class"}
    if columns != expected:
        raise SchemaError(
            "the database has a table 'prediction' that is neither ours nor the ancestor's: "
            f"its columns are {', '.join(sorted(columns))}; {_another_place(connection)}"
        )


def _another_place(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return "name another file in DATABASE_URL"
    return (
        "name another database in DATABASE_URL, or make a schema of its own and let its user have "
        "it as search_path (ALTER ROLE … SET search_path = …)"
    )
