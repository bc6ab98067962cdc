"""The queries that write the labels of a piece of a batch beside the predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.job_rows import is_unfinished
from shared.db.piece_store import text_array
from shared.db.tables import JOB, PREDICTION
from shared.queue.messages import Kind

_c = PREDICTION.c

# As of `labels`, but for the equal number: pieces that one piece was divided into have the same,
# and the last of them wins.
_LABEL = """
    WITH labelled AS (
        UPDATE prediction
        SET true_class = label.true_class, true_class_seq = %(number)s,
            true_class_at = statement_timestamp()
        FROM (
            SELECT key, true_class
            FROM unnest(%(keys)s::text[], %(classes)s::text[]) AS given (key, true_class)
            ORDER BY key
        ) AS label
        WHERE observation_id = label.key
            AND (true_class_seq IS NULL OR true_class_seq <= %(number)s)
        RETURNING observation_id
    )
    SELECT count(*) FROM labelled
"""
# Each key is looked up by the index, however few rows the planner expects.
_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"


def label(connection: Connection, classes: Mapping[str, Any], number: int) -> set[str]:
    """Label the rows of these observations, by key, unless a later label is there; those that have
    no row are returned."""
    if not classes:
        return set()
    left = dict(classes)
    absent: set[str] = set()
    while left:
        if _label(connection, left, number) == len(left):
            return absent
        query = select(_c.observation_id, _c.true_class_seq).where(among(_c.observation_id, left))
        there = {row[0]: row[1] for row in connection.execute(query)}
        absent |= left.keys() - there.keys()
        # A row may have come between the two statements: it is labelled as well.
        left = {key: left[key] for key, seq in there.items() if seq is None or seq < number}
    return absent


def _label(connection: Connection, classes: Mapping[str, Any], number: int) -> int:
    """Label rows; how many were."""
    if connection.dialect.name == "sqlite":
        return _label_on_sqlite(connection, classes, number)
    parameters = {
        "keys": text_array(list(classes)),
        "classes": text_array([json.dumps(value) for value in classes.values()]),
        "number": number,
    }
    connection.exec_driver_sql(_BY_INDEX)
    return int(connection.exec_driver_sql(_LABEL, parameters).scalar_one())


def coming(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of these observations whose prediction was accepted and is still to come."""
    if not keys:
        return set()
    c = JOB.c
    query = select(c.observation_id).where(
        among(c.observation_id, keys), is_unfinished, c.kind == Kind.PREDICT
    )
    return set(connection.execute(query).scalars())


def _label_on_sqlite(connection: Connection, classes: Mapping[str, Any], number: int) -> int:
    statement = (
        update(PREDICTION)
        .where(
            _c.observation_id == bindparam("key"),
            _c.true_class_seq.is_(None) | (_c.true_class_seq <= number),
        )
        .values(
            true_class=bindparam("label"), true_class_seq=number, true_class_at=clock(connection)
        )
    )
    rows = [{"key": key, "label": value} for key, value in classes.items()]
    return connection.execute(statement, rows).rowcount
