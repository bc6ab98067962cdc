"""The predictions that were refused, as far as they were jobs and are kept; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from shared.db.tables import JOB
from shared.errors import UnfitObservationError
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Status

_c = JOB.c


@dataclass(frozen=True, slots=True)
class RefusedJob:
    """A prediction that the model could not take: what its client sent, and was told."""

    observation_id: int | str
    body: str
    reason: str


def refused_predictions(
    connection: Connection, since: datetime, until: datetime, limit: int
) -> list[RefusedJob]:
    """The newest refused predictions that ended within these times, at most so many."""
    query = (
        select(_c.observation_id, _c.observation_id_is_text, _c.body, _c.outcome)
        .where(
            _c.finished_at >= since, _c.finished_at <= until, _c.cleared_at.is_(None),
            _c.status == Status.FAILED, _c.status_code == UnfitObservationError.status,
            _c.kind == Kind.PREDICT,
        )
        .order_by(_c.finished_at.desc())
        .limit(limit)
    )  # fmt: skip
    return [
        RefusedJob(
            ObservationId(found.observation_id, found.observation_id_is_text).as_sent,
            found.body,
            (found.outcome or {}).get("error", ""),
        )
        for found in connection.execute(query)
    ]
