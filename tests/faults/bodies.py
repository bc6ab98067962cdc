"""The whole bodies that answers and jobs may have, as the contract writes them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tests.faults.record import TOKEN, Ask

WARNINGS = [f"the request has a key that is not used: {TOKEN}"]
ROW_KEYS = {
    "id", "observation_id", "observation", "proba", "true_class", "predicted_at", "true_class_at",
    "model_version", "model_name",
}  # fmt: skip


def without_warnings(body: dict[str, Any]) -> dict[str, Any] | None:
    """A body without the warning that each of our requests deserves; None when it is another, or
    lacking."""
    rest = dict(body)
    found = rest.pop("warnings", None)
    return rest if found == WARNINGS else None


def already_exists(ask: Ask) -> str:
    """What a prediction is told whose id has a row."""
    return f'Observation ID: "{ask.observation_id}" already exists'


def does_not_exist(ask: Ask) -> str:
    """What an update is told whose id has none."""
    return f'Observation ID: "{ask.observation_id}" does not exist'


def is_prediction(ask: Ask, body: dict[str, Any]) -> bool:
    """Whether this is a prediction's whole answer, with whatever probability."""
    rest = without_warnings(body)
    if rest is None or not _is_probability(rest.pop("proba", None)):
        return False
    return rest in ({}, {"error": already_exists(ask)})


def is_row(body: dict[str, Any]) -> bool:
    """Whether this is an update's whole answer, of whatever row."""
    rest = without_warnings(body)
    if rest is None or set(rest) != ROW_KEYS:
        return False
    moments = _is_moment(rest["predicted_at"]) and _is_moment(rest["true_class_at"])
    return moments and isinstance(rest["model_version"], str) and bool(rest["model_version"])


def is_nobody(ask: Ask, body: dict[str, Any]) -> bool:
    """Whether this is an update's whole answer when its observation has no row."""
    return without_warnings(body) == {"error": does_not_exist(ask)}


def is_error(body: dict[str, Any], also: Collection[str] = ()) -> bool:
    """Whether this is an error: a text, and nothing beside it but what is named."""
    error = body.get("error")
    return isinstance(error, str) and bool(error) and set(body) - set(also) == {"error"}


def _is_probability(value: object) -> bool:
    return isinstance(value, float) and 0.0 <= value <= 1.0


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or not value.endswith("Z"):
        return False
    try:
        return datetime.fromisoformat(value).utcoffset() is not None
    except ValueError:
        return False
