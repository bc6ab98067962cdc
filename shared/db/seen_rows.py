"""Rows of the `prediction` table as clients see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

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

# What a query has to select for `as_seen`, before anything else.
SEEN: tuple[ColumnElement[Any], ...] = (
    _c.id, _c.observation_id, _c.observation_id_is_text, _c.observation, _c.proba, _c.true_class,
    _c.predicted_at, _c.true_class_at, _c.model_version, _model_name, _c.answer,
)  # fmt: skip


def as_seen(found: Sequence[Any]) -> dict[str, Any]:
    """What `SEEN` selects of a row: the ancestor's five keys first, then ours, then what else the
    model answered."""
    # By place: a listing has a million of them, and by name it takes three times as long.
    (
        row_id, key, is_text, observation, proba, true_class, predicted_at, true_class_at,
        model_version, model_name, answer, *_,
    ) = found  # fmt: skip
    seen = {
        "id": row_id,
        "observation_id": ObservationId(key, is_text).as_sent,
        "observation": observation,
        "proba": proba,
        "true_class": true_class,
        "predicted_at": timestamp(predicted_at),
        "true_class_at": timestamp(true_class_at),
        "model_version": model_version,
        "model_name": model_name,
    }
    if answer is not None:
        seen.update((name, value) for name, value in answer.items() if name != "proba")
    return seen


def timestamp(moment: datetime | None) -> str | None:
    """A time as clients see it: ISO 8601, UTC, microseconds."""
    return None if moment is None else moment.isoformat(timespec="microseconds")[:26] + "Z"
