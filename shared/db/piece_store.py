"""The query that stores the predictions of a piece of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import Connection, select

from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.piece_rows import ClaimedPiece
from shared.db.tables import PREDICTION

_STORE = """
    SELECT queuecast_store_piece(
        %(batch)s, %(piece)s, %(keys)s::text[], %(are_text)s::boolean[], %(observations)s::text[],
        %(probas)s::double precision[], %(model_version)s, %(answers)s::text[]
    )
"""
_INSERT = """
    INSERT INTO prediction (observation_id, observation_id_is_text, observation, proba,
                            model_version, predicted_at, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class ScoredLines:
    """What the lines of a piece made: each list has a place for each line, and `keys` has None for
    a line that made no row. No key is there twice. `observations` are what rows keep of lines that
    are no JSON themselves; None where they are. `answers` are JSON, where answers are more than
    `probas`."""

    keys: Sequence[str | None]
    are_text: Sequence[bool]
    observations: Sequence[str] | None
    probas: Sequence[float | None]
    model_version: str
    answers: Sequence[str | None] | None


def store(connection: Connection, piece: ClaimedPiece, scored: ScoredLines) -> set[str]:
    """Insert what has no row yet; the keys of what has one already are returned."""
    if not any(key is not None for key in scored.keys):
        return set()
    if connection.dialect.name == "sqlite":
        return _store_on_sqlite(connection, piece, scored)
    parameters = {
        "batch": piece.batch_seq,
        "piece": piece.number,
        "keys": text_array(scored.keys),
        "are_text": "{" + ",".join(["ft"[is_text] for is_text in scored.are_text]) + "}",
        "observations": scored.observations and text_array(scored.observations),
        "probas": "{" + ",".join(["NULL" if p is None else repr(p) for p in scored.probas]) + "}",
        "model_version": scored.model_version,
        "answers": scored.answers and text_array(scored.answers),
    }
    return set(connection.exec_driver_sql(_STORE, parameters).scalar_one())


def text_array(texts: Sequence[str | None]) -> str:
    """Texts as PostgreSQL writes an array of them. One constant costs driver and server much less
    than an expression of a thousand."""
    # Ids mostly are numbers, which need no quotes.
    if all(map(str.isdecimal, [text for text in texts if text is not None])):
        return "{" + ",".join(["NULL" if text is None else text for text in texts]) + "}"
    quoted = [
        "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for text in texts
    ]
    return "{" + ",".join(quoted) + "}"


def _store_on_sqlite(connection: Connection, piece: ClaimedPiece, scored: ScoredLines) -> set[str]:
    c = PREDICTION.c
    keys = [key for key in scored.keys if key is not None]
    # Nobody else writes until this transaction ends.
    there = set(
        connection.execute(select(c.observation_id).where(among(c.observation_id, keys))).scalars()
    )
    moment = connection.execute(select(clock(connection))).scalar_one()
    now = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    texts = scored.observations or [line.rstrip("\r") for line in piece.part.text.split("\n")]
    answers = scored.answers or [None] * len(scored.keys)
    columns = zip(scored.keys, scored.are_text, texts, scored.probas, answers, strict=False)
    rows = [
        (key, is_text, text, proba, scored.model_version, now, answer)
        for key, is_text, text, proba, answer in columns
        if key is not None and key not in there
    ]
    if rows:
        connection.exec_driver_sql(_INSERT, rows)
    return there
