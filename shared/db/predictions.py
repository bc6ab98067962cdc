"""Every query on the `prediction` table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shared.db.engine import Database, clock
from shared.db.tables import PREDICTION
from shared.observation_id import ObservationId

# Held while predictions are stored (shared) and while requests become jobs (exclusive), so that
# a request is never turned into a job beside an insert of its row that is not committed yet.
STORING_LOCK = 0x51756576


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction about to be stored. `proba` is that of the second class."""

    request_id: str
    observation_id: ObservationId
    observation: str
    proba: float
    model_version: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored for an observation: whose request made the row, and its probability."""

    request_id: str | None
    observation_id: ObservationId
    proba: float


# How many rows were inserted, or null when one of the jobs asked about is there; the function is
# in the migrations. A transaction by itself when it is sent alone.
_STORE = """
    SELECT queuecast_store(
        %(lock)s, %(job_ids)s::text[], %(job_keys)s::text[], %(request_ids)s::text[],
        %(keys)s::text[], %(are_text)s::boolean[], %(observations)s::text[],
        %(probas)s::double precision[], %(model_version)s
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
    }


def wait_for_storing(connection: Connection) -> None:
    """Wait until no insert of predictions is uncommitted, and hold new ones off until the end of
    this transaction. On SQLite every writer is alone anyway."""
    if connection.dialect.name != "sqlite":
        statement = text("SELECT pg_advisory_xact_lock(:lock)")
        connection.execute(statement, {"lock": STORING_LOCK})


def find(connection: Connection, keys: Sequence[str]) -> dict[str, Stored]:
    """What is stored for these observations, by key."""
    c = PREDICTION.c
    query = select(c.request_id, c.observation_id, c.observation_id_is_text, c.proba)
    found = connection.execute(query.where(c.observation_id.in_(keys)))
    return {
        r.observation_id: Stored(
            r.request_id, ObservationId(r.observation_id, r.observation_id_is_text), r.proba
        )
        for r in found
    }


def remove_of_requests(connection: Connection, request_ids: Sequence[str], keys: Sequence[str]) -> (
    None
):  # fmt: skip
    """Take back rows that this same transaction inserted for requests that were cancelled."""
    c = PREDICTION.c
    connection.execute(
        delete(PREDICTION).where(c.observation_id.in_(keys), c.request_id.in_(request_ids))
    )


def set_true_class(connection: Connection, key: str, true_class: Any, seq: int) -> bool:
    """Label an observation, unless a later accepted label is there. False when it has no row."""
    c = PREDICTION.c
    connection.execute(
        update(PREDICTION)
        .where(c.observation_id == key, (c.true_class_seq.is_(None)) | (c.true_class_seq < seq))
        .values(true_class=true_class, true_class_seq=seq, true_class_at=clock(connection))
    )
    return connection.execute(select(c.id).where(c.observation_id == key)).first() is not None


def row(connection: Connection, key: str) -> dict[str, Any] | None:
    """One observation's row as clients see it."""
    found = connection.execute(_rows().where(PREDICTION.c.observation_id == key)).first()
    return None if found is None else _as_seen(found)


def page(connection: Connection, after: int, limit: int) -> list[dict[str, Any]]:
    """Rows with an `id` above `after`, oldest first, at most `limit` of them."""
    query = _rows().where(PREDICTION.c.id > after).order_by(PREDICTION.c.id).limit(limit)
    return [_as_seen(found) for found in connection.execute(query)]


def _rows() -> Select[Any]:
    c = PREDICTION.c
    return select(
        c.id, c.observation_id, c.observation_id_is_text, c.observation, c.proba, c.true_class,
        c.predicted_at, c.true_class_at, c.model_version,
    )  # fmt: skip


def _as_seen(found: Row[Any]) -> dict[str, Any]:
    """The ancestor's five keys first, then ours."""
    observation_id = ObservationId(found.observation_id, found.observation_id_is_text)
    return {
        "id": found.id,
        "observation_id": observation_id.as_sent,
        "observation": found.observation,
        "proba": found.proba,
        "true_class": found.true_class,
        "predicted_at": timestamp(found.predicted_at),
        "true_class_at": timestamp(found.true_class_at),
        "model_version": found.model_version,
    }


def timestamp(moment: datetime | None) -> str | None:
    """A time as clients see it: ISO 8601, UTC, microseconds."""
    return None if moment is None else moment.isoformat(timespec="microseconds")[:26] + "Z"
