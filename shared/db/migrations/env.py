"""Alembic's entry: runs on the connection that `shared.db.migrate` holds the lock on."""

from alembic import context

from shared.db.migrations import VERSION_TABLE
from shared.db.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
