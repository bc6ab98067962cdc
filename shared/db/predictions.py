"""Every query that stores predictions; `labels` has those that label them, `listing` those that
list them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shared.answers import already_exists
from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.engine import Database
from shared.db.tables import PREDICTION
from shared.observation_id import ObservationId
from shared.queue.messages import Request

# Held while predictions and labels are stored (shared) and while requests become jobs (exclusive),
# so that a request is never turned into a job beside a row or label of it that is not committed.
STORING_LOCK = 0x51756576


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction about to be stored. `proba` is the probability in its answer, if there is one;
    `answer` is the whole of it, where it is more than that."""

    request_id: str
    observation_id: ObservationId
    observation: str
    proba: float | None
    model_version: str
    answer: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored for an observation: whose request made the row, and what it was answered."""

    request_id: str | None
    observation_id: ObservationId
    proba: float | None
    answer: dict[str, Any] | None = None

    def answer_to(self, request: Request) -> dict[str, Any]:
        """What a prediction is answered that finds this row. Its own row is left by an earlier try
        of it, and its client gets the answer that it made."""
        said = {"proba": self.proba} if self.answer is None else self.answer
        if self.request_id == request.request_id:
            return dict(said)
        return already_exists(request.observation_id, said)


# How many rows were inserted, or null when one of the jobs asked about is there; the function is
# in the migrations. A transaction by itself when it is sent alone.
_STORE = """
    SELECT queuecast_store(
        %(lock)s, %(job_ids)s::text[], %(job_keys)s::text[], %(request_ids)s::text[],
        %(keys)s::text[], %(are_text)s::boolean[], %(observations)s::text[],
        %(probas)s::double precision[], %(model_version)s, %(answers)s::text[]
    )
"""


def insert(connection: Connection, predictions: Sequence[Prediction]) -> int:
    """Insert what has no row yet; the first row of an id wins. Returns how many were inserted."""
    if not predictions:
        return 0
    if connection.dialect.name == "sqlite":
        statement = sqlite_insert(PREDICTION).on_conflict_do_nothing()
        now = connection.execute(select(clock(connection))).scalar_one()
        rows = [
            {
                "observation_id": p.observation_id.key,
                "observation_id_is_text": p.observation_id.is_text,
                "observation": p.observation,
                "proba": p.proba,
                "request_id": p.request_id,
                "model_version": p.model_version,
                "predicted_at": now,
                "answer": p.answer,
            }
            for p in predictions
        ]
        return connection.execute(statement, rows).rowcount
    inserted = connection.exec_driver_sql(_STORE, _parameters(predictions, [], [])).scalar()
    return int(inserted or 0)


def insert_unpromised(
    database: Database,
    predictions: Sequence[Prediction],
    request_ids: Sequence[str],
    keys: Sequence[str],
) -> int | None:
    """Insert what has no row yet, unless one of these requests is a job, or a job of one of these
    observations is unfinished: then nothing is done, and this returns None. At least one
    prediction, and PostgreSQL only; a transaction by itself.

    Raises:
        DatabaseAwayError: as `Database.write`.
    """
    parameters = _parameters(predictions, request_ids, keys)
    inserted: int | None = database.write_at_once(_STORE, parameters)[0]
    return inserted


def _parameters(
    predictions: Sequence[Prediction], job_ids: Sequence[str], job_keys: Sequence[str]
) -> dict[str, Any]:
    return {
        "lock": STORING_LOCK,
        "job_ids": list(job_ids),
        "job_keys": list(job_keys),
        "request_ids": [p.request_id for p in predictions],
        "keys": [p.observation_id.key for p in predictions],
        "are_text": [p.observation_id.is_text for p in predictions],
        "observations": [p.observation for p in predictions],
        "probas": [p.proba for p in predictions],
        "model_version": predictions[0].model_version,
        "answers": _texts(predictions),
    }


def _texts(predictions: Sequence[Prediction]) -> list[str | None] | None:
    """Their answers as JSON; None where all are probabilities."""
    if all(p.answer is None for p in predictions):
        return None
    return [None if p.answer is None else json.dumps(p.answer) for p in predictions]


def wait_for_storing(connection: Connection) -> None:
    """Wait until no row or label of a request that is no job is uncommitted, and hold new ones off
    until the end of this transaction. On SQLite every writer is alone anyway."""
    _lock_storing(connection, "pg_advisory_xact_lock")


def hold_storing(connection: Connection) -> None:
    """Let no request become a job from here until the end of this transaction."""
    _lock_storing(connection, "pg_advisory_xact_lock_shared")


def _lock_storing(connection: Connection, function: str) -> None:
    if connection.dialect.name != "sqlite":
        connection.execute(text(f"SELECT {function}(:lock)"), {"lock": STORING_LOCK})


def find(connection: Connection, keys: Sequence[str]) -> dict[str, Stored]:
    """What is stored for these observations, by key."""
    c = PREDICTION.c
    query = select(c.request_id, c.observation_id, c.observation_id_is_text, c.proba, c.answer)
    found = connection.execute(query.where(among(c.observation_id, keys)))
    return {
        r.observation_id: Stored(
            r.request_id,
            ObservationId(r.observation_id, r.observation_id_is_text),
            r.proba,
            r.answer,
        )
        for r in found
    }


def remove_of_requests(connection: Connection, request_ids: Sequence[str], keys: Sequence[str]) -> (
    None
):  # fmt: skip
    """Take back rows that this same transaction inserted for requests that were cancelled."""
    c = PREDICTION.c
    connection.execute(
        delete(PREDICTION).where(among(c.observation_id, keys), among(c.request_id, request_ids))
    )
