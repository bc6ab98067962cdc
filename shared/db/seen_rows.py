"""Rows of the `prediction` table as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from shared.db.tables import MODEL_NAME, PREDICTION
from shared.observation_id import ObservationId

_c = PREDICTION.c

# Looked up for each row: there are as many as a deployment has had models.
_model_name = (
    select(MODEL_NAME.c.name)
    .where(MODEL_NAME.c.version == _c.model_version)
    .scalar_subquery()
    .label("model_name")
)

# What a query has to select for `as_seen`.
SEEN: tuple[ColumnElement[Any], ...] = (
    _c.id, _c.observation_id, _c.observation_id_is_text, _c.observation, _c.proba, _c.true_class,
    _c.predicted_at, _c.true_class_at, _c.model_version, _model_name, _c.answer,
)  # fmt: skip


def as_seen(found: Row[Any]) -> dict[str, Any]:
    """The ancestor's five keys first, then ours, then what else the model answered."""
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
        "model_name": found.model_name,
        **{key: value for key, value in (found.answer or {}).items() if key != "proba"},
    }


def timestamp(moment: datetime | None) -> str | None:
    """A time as clients see it: ISO 8601, UTC, microseconds."""
    return None if moment is None else moment.isoformat(timespec="microseconds")[:26] + "Z"
