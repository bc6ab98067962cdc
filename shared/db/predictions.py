"""Every query that stores predictions, or labels them; `listing` has those that list them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shared.answers import already_exists
from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.engine import Database
from shared.db.seen_rows import SEEN, as_seen, timestamp
from shared.db.tables import PREDICTION
from shared.observation_id import ObservationId
from shared.queue.messages import Request

# Held while predictions and labels are stored (shared) and while requests become jobs (exclusive),
# so that a request is never turned into a job beside a row or label of it that is not committed.
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

    def answer_to(self, request: Request) -> dict[str, Any]:
        """What a prediction is answered that finds this row. Its own row is left by an earlier try
        of it, and its client gets the answer that it made."""
        if self.request_id == request.request_id:
            return {"proba": self.proba}
        return already_exists(request.observation_id, self.proba)


@dataclass(slots=True)
class Labelled:
    """A row as clients see it, the number of the update that labelled it, and the time by the
    database's clock when it was read."""

    row: dict[str, Any]
    seq: int | None
    now: datetime

    def apply(self, true_class: Any, seq: int) -> bool:
        """Label the row, unless a later accepted label is there: then nothing changes, and this is
        false. The database hears of it by `set_true_classes`."""
        if self.seq is not None and self.seq >= seq:
            return False
        self.row |= {"true_class": true_class, "true_class_at": timestamp(self.now)}
        self.seq = seq
        return True


# How many rows were inserted, or null when one of the jobs asked about is there; the function is
# in the migrations. A transaction by itself when it is sent alone.
_STORE = """
    SELECT queuecast_store(
        %(lock)s, %(job_ids)s::text[], %(job_keys)s::text[], %(request_ids)s::text[],
        %(keys)s::text[], %(are_text)s::boolean[], %(observations)s::text[],
        %(probas)s::double precision[], %(model_version)s
    )
"""


_LABEL = """
    UPDATE prediction
    SET true_class = label.true_class, true_class_seq = label.seq, true_class_at = label.moment
    FROM unnest(%(keys)s::text[], %(classes)s::text[], %(seqs)s::bigint[],
                %(moments)s::timestamptz[]) AS label (key, true_class, seq, moment)
    WHERE observation_id = label.key AND (true_class_seq IS NULL OR true_class_seq < label.seq)
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
    query = select(c.request_id, c.observation_id, c.observation_id_is_text, c.proba)
    found = connection.execute(query.where(among(c.observation_id, keys)))
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
        delete(PREDICTION).where(among(c.observation_id, keys), among(c.request_id, request_ids))
    )


def labelled(connection: Connection, keys: Sequence[str]) -> dict[str, Labelled]:
    """The rows of these observations as they are now, by key. Nobody else labels them until this
    transaction ends."""
    c = PREDICTION.c
    query: Select[Any] = select(*SEEN, c.true_class_seq, clock(connection).label("now"))
    # In one order, so that two groups never wait for each other.
    query = query.where(among(c.observation_id, keys)).order_by(c.id)
    found = connection.execute(query.with_for_update(key_share=True))
    return {r.observation_id: Labelled(as_seen(r), r.true_class_seq, r.now) for r in found}


def set_true_classes(connection: Connection, labels: Mapping[str, Labelled]) -> None:
    """Write down what `Labelled.apply` made of rows, by key; a later label that is there stays."""
    rows = [
        {
            "key": key,
            "label": label.row["true_class"],
            "label_seq": label.seq,
            "label_at": label.now,
        }
        for key, label in labels.items()
    ]
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        parameters = {
            "keys": [r["key"] for r in rows],
            "classes": [json.dumps(r["label"]) for r in rows],
            "seqs": [r["label_seq"] for r in rows],
            "moments": [r["label_at"] for r in rows],
        }
        connection.exec_driver_sql(_LABEL, parameters)
        return
    c = PREDICTION.c
    statement = (
        update(PREDICTION)
        .where(
            c.observation_id == bindparam("key"),
            c.true_class_seq.is_(None) | (c.true_class_seq < bindparam("label_seq")),
        )
        .values(
            true_class=bindparam("label"),
            true_class_seq=bindparam("label_seq"),
            true_class_at=bindparam("label_at"),
        )
    )
    connection.execute(statement, rows)
