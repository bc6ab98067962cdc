"""Alembic's entry: runs on the connection that `shared.migrate` holds the lock on."""

from alembic import context

from shared.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
