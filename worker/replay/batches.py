"""A batch of stored observations, scored by the candidate: what its process tells of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.errors import ClientFaultError
from shared.strict_json import parse_object
from worker.model.loading import Model
from worker.scoring.scoring import score

# Of what one batch refuses or warns of, so many different texts are told apart; the rest is
# counted as one.
MOST_TEXTS = 200
OTHERS = "other reasons"


@dataclass(slots=True)
class ScoredBatch:
    """`probas` has the candidate's probability for each row, None where it refused, `refusals` the
    reasons by the row's place, `warnings` how many rows each was given for, and `segments` each
    row's value of the columns asked for, as `segment_value` has it."""

    probas: list[float | None]
    refusals: dict[int, str] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    segments: dict[str, list[Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `of_json`, in another process."""
        refusals = {str(place): reason for place, reason in self.refusals.items()}
        return {
            "probas": self.probas,
            "refusals": refusals,
            "warnings": self.warnings,
            "segments": self.segments,
        }

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> ScoredBatch:
        """What `as_json` made."""
        refusals = {int(place): reason for place, reason in found["refusals"].items()}
        return cls(found["probas"], refusals, found["warnings"], found["segments"])


def score_batch(bodies: Sequence[str], model: Model, columns: Sequence[str]) -> ScoredBatch:
    """Score stored bodies as a worker does those that clients send: one that the model cannot take
    is refused alone. `columns` are those whose values are asked for."""
    found = ScoredBatch([])
    warnings: Counter[str] = Counter()
    for place, each in enumerate(score(bodies, model)):
        found.probas.append(each.proba)
        if each.error is not None:
            found.refusals[place] = str(each.error)
        warnings.update(each.warnings)
    found.warnings = dict(warnings.most_common(MOST_TEXTS))
    if columns:
        observations = [_observation(body) for body in bodies]
        found.segments = {
            name: [segment_value(observation.get(name)) for observation in observations]
            for name in columns
        }
    return found


def segment_value(value: Any) -> float | str | None:
    """A value by which rows are told apart: a number, a text, or None for a missing one."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return str(value)
    return "an array" if isinstance(value, list) else "an object"


def _observation(body: str) -> dict[str, Any]:
    try:
        observation = parse_object(body).get("observation")
    except ClientFaultError:
        return {}
    return observation if isinstance(observation, dict) else {}
