"""The bodies of what clients are told of their observations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.observation_id import ObservationId
from shared.queue.messages import Kind
from shared.shown import unused_key_warnings

_KEYS = {Kind.PREDICT: ("id", "observation"), Kind.UPDATE: ("id", "true_class")}


def already_exists(observation_id: ObservationId, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The ancestor's answer to an id that was predicted before, with the stored answer."""
    error = f'Observation ID: "{observation_id.as_sent}" already exists'
    return {**answer, "error": error}


def does_not_exist(observation_id: ObservationId) -> dict[str, Any]:
    """The ancestor's answer to an update of an id that was never predicted."""
    return {"error": f'Observation ID: "{observation_id.as_sent}" does not exist'}


def unused_keys(kind: Kind, document: Iterable[str]) -> list[str]:
    """A warning for each key of a request's body that nobody looks at."""
    unused = [key for key in document if key not in _KEYS[kind]]
    return unused_key_warnings("the request has a key that is not used", unused)


def with_warnings(body: Mapping[str, Any], warnings: Sequence[str]) -> dict[str, Any]:
    """An answer with its warnings, if there are any."""
    return {**body, "warnings": list(warnings)} if warnings else dict(body)
