"""Score a group: one `predict_proba` for all, a bad row by itself, one score for each. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.errors import ClientFaultError, QueuecastError, UnfitObservationError, WrongShapeError
from shared.strict_json import parse_object
from worker.model.loading import Model
from worker.scoring.framing import Observation, checks, frame, refusal, unknown_keys

# BLAS sums a matrix in blocks, so that a row's last bits can depend on how many rows are beside
# it; frames of a multiple of eight rows gave no differences (tests/unit/test_scoring.py).
BLOCK = 8


@dataclass(frozen=True, slots=True)
class Score:
    """One request's probability of the second class, or the error that it ends in."""

    proba: float | None
    error: QueuecastError | None = None
    warnings: tuple[str, ...] = ()


def score(bodies: Sequence[str], model: Model) -> list[Score]:
    """Score request bodies, `{"id": …, "observation": {…}}` as text; one score each, in order."""
    scores: list[Score | None] = [None] * len(bodies)
    fit: list[int] = []
    observations: list[Observation] = []
    warnings: list[tuple[str, ...]] = []
    asked = checks(model)
    for position, body in enumerate(bodies):
        try:
            document = parse_object(body)
            observation = _observation(document)
            fault = refusal(observation, asked)
            if fault:
                raise fault
        except ClientFaultError as error:
            scores[position] = Score(None, error)
            continue
        fit.append(position)
        observations.append(observation)
        warnings.append(_warnings(document, observation, model))
    probabilities = isolate(observations, lambda group: _probabilities(group, model))
    for position, probability, said in zip(fit, probabilities, warnings, strict=True):
        if isinstance(probability, float):
            scores[position] = Score(probability, None, said)
        else:
            scores[position] = Score(None, probability)
    return [s for s in scores if s is not None]


def isolate(
    observations: Sequence[Observation],
    predict: Callable[[Sequence[Observation]], NDArray[np.float64]],
) -> list[float | UnfitObservationError]:
    """Predict all at once; when that raises, halve until each bad row stands alone."""
    if not observations:
        return []
    try:
        probabilities = predict(observations)
    except Exception as error:  # a pipeline is the user's code and raises what it likes
        if len(observations) == 1:
            return [UnfitObservationError(f"the model cannot take this observation: {_say(error)}")]
        middle = len(observations) // 2
        return [
            *isolate(observations[:middle], predict),
            *isolate(observations[middle:], predict),
        ]
    return [
        float(p) if math.isfinite(p) else UnfitObservationError(f"the model's answer is {p}")
        for p in probabilities
    ]


def _probabilities(observations: Sequence[Observation], model: Model) -> NDArray[np.float64]:
    rows = len(observations)
    padding = [observations[-1]] * (-rows % BLOCK)
    data: pd.DataFrame = frame([*observations, *padding], model)
    return model.probabilities(data)[:rows]


def _observation(document: dict[str, object]) -> Observation:
    observation = document.get("observation")
    if not isinstance(observation, dict):
        raise WrongShapeError("observation must be an object")
    return observation


def _warnings(
    document: dict[str, object], observation: Observation, model: Model
) -> tuple[str, ...]:
    outer = [key for key in document if key not in ("id", "observation")]
    inner = unknown_keys(observation, model)
    return (
        *(f"the request has a key that is not used: {key}" for key in outer),
        *(f"observation has a key that the model does not use: {key}" for key in inner),
    )


def _say(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no message'}"[:500]
