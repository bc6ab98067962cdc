"""Mends rows that an earlier version took over from a relative of the ancestor's whose ids or true
classes were text: such an id says that it is text, and such a class is JSON.

A text id that looks like a whole number cannot be told from one any more, and stays a number.
"""

import json

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.create_function("queuecast_json", 1, _as_json, deterministic=True)
        op.execute(
            "UPDATE prediction SET observation_id_is_text = 1 WHERE request_id IS NULL"
            " AND CAST(CAST(observation_id AS INTEGER) AS TEXT) <> observation_id"
        )
        op.execute(
            "UPDATE prediction SET true_class = queuecast_json(true_class)"
            " WHERE request_id IS NULL AND true_class <> queuecast_json(true_class)"
        )
        return
    op.execute(
        "UPDATE prediction SET observation_id_is_text = true WHERE request_id IS NULL"
        " AND NOT observation_id_is_text AND observation_id !~ '^(0|-?[1-9][0-9]{0,18})$'"
    )
    # What Queuecast itself would have written is left alone.
    op.execute(
        "UPDATE prediction SET true_class = to_json(true_class)::text WHERE request_id IS NULL"
        " AND true_class !~ '^(true|false|\".*\")$'"
        " AND true_class !~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$'"
    )


def _as_json(text: str | None) -> str | None:
    """The text if it is JSON, and else the JSON of it."""
    if text is None:
        return None
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        return json.dumps(text)
    return text


def _refuse(name: str) -> None:
    """NaN and the infinities are texts; JSON has no such numbers."""
    raise ValueError(name)
