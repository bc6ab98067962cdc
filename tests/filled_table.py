"""A prediction table with more rows than a test could send."""

from __future__ import annotations

import psycopg2

# Of each row's observation, in bytes.
_LENGTH = 500

_INSERT = """
    INSERT INTO prediction (id, observation_id, observation, proba, observation_id_is_text)
    SELECT n, 'filled ' || n, rpad('{"id": "filled ' || n || '"', %s, ' ') || '}', 0.5, true
    FROM generate_series(%s, %s) AS n
"""


def fill(database_url: str, numbers: range) -> None:
    """Add rows with these values of `id` to a PostgreSQL database; rows that are stored later get
    higher ones."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_INSERT, (_LENGTH - 1, numbers[0], numbers[-1]))
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('prediction', 'id'),"
                " greatest(max(id), 1)) FROM prediction"
            )
    finally:
        connection.close()
