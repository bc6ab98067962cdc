"""Whether the database lets this service write, asked without writing."""

from __future__ import annotations

from sqlalchemy import Connection

from shared.errors import DatabaseForbidsError

_ASK = """
    SELECT current_setting('transaction_read_only') = 'on', ARRAY(
        SELECT privilege || ' on ' || name
        FROM unnest(ARRAY['cleared_job', 'job', 'lease', 'prediction']) AS tables (name),
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed (privilege)
        WHERE NOT has_table_privilege(name, privilege)
        ORDER BY name, privilege
    )
"""


def check_permissions(connection: Connection) -> None:
    """See that a transaction could write to our tables. SQLite knows only when it writes.

    Raises:
        DatabaseForbidsError: the database is read-only (a replica, perhaps), or its user lacks a
            permission; the message names which.
    """
    if connection.dialect.name == "sqlite":
        return
    read_only, missing = connection.exec_driver_sql(_ASK).one()
    if read_only:
        raise DatabaseForbidsError("the database is read-only")
    if missing:
        raise DatabaseForbidsError(f"the database's user lacks a permission: {', '.join(missing)}")
