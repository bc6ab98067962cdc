"""Scoring a group: each row gets what it would get alone."""

from __future__ import annotations

import json
import random
from asyncio import CancelledError
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from shared.errors import UnansweredError, UnfitObservationError
from tests.system import FIRST_PASSENGER, FIRST_PROBA
from worker.model.answers import Answer
from worker.model.loading import Model, load
from worker.scoring.framing import Observation
from worker.scoring.scoring import Score, isolate, score

Passengers = list[tuple[int, dict[str, Any], int]]


@pytest.fixture(scope="module")
def model(artifacts: Path) -> Model:
    """The shipped model."""
    return load(artifacts)


@pytest.fixture(scope="module")
def trained(artifacts: Path, model: Model) -> NDArray[np.float64]:
    """What the pipeline itself says of its training frame, shape (891,)."""
    data = pd.read_csv(artifacts / "data" / "titanic_train.csv")
    frame = data[list(model.columns)].astype(model.dtypes)
    return np.asarray(joblib.load(artifacts / "pipeline.pickle").predict_proba(frame)[:, 1])


def body(observation: Any, observation_id: int = 0, **more: Any) -> str:
    """A request body."""
    return json.dumps({"id": observation_id, "observation": observation, **more})


def probas(scores: Sequence[Score]) -> list[float]:
    """The probabilities; every score must have one."""
    assert all(s.error is None for s in scores), [s.error for s in scores if s.error]
    return [s.proba for s in scores if s.proba is not None]


def test_all_training_rows_alone_and_in_groups(
    model: Model, trained: NDArray[np.float64], training_passengers: Passengers
) -> None:
    """All 891 give what the pipeline gives on its training frame within 1e-12, and grouping them
    in any way changes no bit."""
    bodies = [body(observation) for _, observation, _ in training_passengers]
    alone = [probas(score([text], model))[0] for text in bodies]
    assert np.max(np.abs(np.array(alone) - trained)) < 1e-12
    for size in (2, 7, 64, 891):
        grouped = [
            p
            for i in range(0, len(bodies), size)
            for p in probas(score(bodies[i : i + size], model))
        ]
        assert grouped == alone, f"groups of {size}"


def test_the_documented_passenger(model: Model) -> None:
    """The passenger of the README."""
    assert probas(score([body(FIRST_PASSENGER)], model))[0] == pytest.approx(FIRST_PROBA, abs=1e-12)


def test_company_changes_nothing(model: Model, training_passengers: Passengers) -> None:
    """Bad rows in a group leave every other answer, to the last bit, and each says why."""
    bodies = [body(observation) for _, observation, _ in training_passengers[:200]]
    alone = [probas(score([text], model))[0] for text in bodies]
    bad = {
        body({**FIRST_PASSENGER, "Pclass": None}): "Pclass is missing",
        body({**FIRST_PASSENGER, "Age": "old"}): "Age is 'old'",
        body({**FIRST_PASSENGER, "Fare": 10**400}): "Fare is 1",
        body({**FIRST_PASSENGER, "Sex": ["male"]}): "Sex is ['male']",
        body("no object"): "observation must be an object",
        "{": "broken JSON",
    }
    mixed = [(text, index) for index, text in enumerate(bodies)] + [(text, -1) for text in bad]
    random.Random(5).shuffle(mixed)
    scores = score([text for text, _ in mixed], model)
    for (text, index), found in zip(mixed, scores, strict=True):
        if index >= 0:
            assert found.proba == alone[index]
        else:
            assert found.proba is None
            assert bad[text] in str(found.error)


def test_unknown_keys_are_warned_about(model: Model) -> None:
    """What is sent and not used is said."""
    scored = score([body({**FIRST_PASSENGER, "Deck": "C"}, color="red")], model)[0]
    assert scored.proba is not None
    assert scored.warnings == (
        "the request has a key that is not used: color",
        "observation has a key that the model does not use: Deck",
    )


def test_missing_keys_are_nulls(model: Model) -> None:
    """A key that is not there is a missing value."""
    without = {k: v for k, v in FIRST_PASSENGER.items() if k != "Cabin"}
    assert score([body(without)], model)[0].proba == score([body(FIRST_PASSENGER)], model)[0].proba


def test_nan_is_null(model: Model) -> None:
    """pandas clients write NaN."""
    text = body(FIRST_PASSENGER).replace("null", "NaN")
    assert probas(score([text], model)) == probas(score([body(FIRST_PASSENGER)], model))


@pytest.mark.parametrize(
    "raised",
    [ValueError("no"), MemoryError(), SystemExit(3), KeyboardInterrupt(), GeneratorExit(),
     CancelledError("no")],
    ids=lambda raised: type(raised).__name__,
)  # fmt: skip
def test_whatever_a_row_raises(raised: BaseException) -> None:
    """It is that row's error: what ends a process otherwise ends no other row's scoring."""

    def predict(group: Sequence[Observation]) -> list[Answer | UnansweredError]:
        if any(row["bad"] for row in group):
            raise raised
        return [0.5] * len(group)

    found = isolate([{"bad": number == 5} for number in range(9)], predict)
    assert [answer for answer in found if answer == 0.5] == [0.5] * 8
    assert isinstance(found[5], UnansweredError)
    assert type(raised).__name__ in str(found[5])
    assert found[5].__cause__ is raised


def test_isolation_finds_every_bad_row() -> None:
    """Whatever raises in a group is found by halving, in a number of calls that stays small."""
    calls = 0

    def predict(group: Sequence[Observation]) -> list[Answer | UnansweredError]:
        nonlocal calls
        calls += 1
        if any(row["bad"] for row in group):
            raise RuntimeError("poison")
        return [row["value"] for row in group]

    rows: list[Observation] = [{"value": i / 500, "bad": i in (3, 250, 499)} for i in range(500)]
    found = isolate(rows, predict)
    for index, result in enumerate(found):
        if index in (3, 250, 499):
            assert isinstance(result, UnfitObservationError) and "poison" in str(result)
        else:
            assert result == index / 500
    assert calls < 3 * 2 * 10


def test_an_answer_that_company_spoils() -> None:
    """A row without an answer is asked for again without those that have one."""

    def predict(group: Sequence[Observation]) -> list[Answer | UnansweredError]:
        spoilt = UnansweredError("the model's answer is nan")
        return [row["value"] if row["value"] or len(group) == 1 else spoilt for row in group]

    assert isolate([{"value": 0.5}, {"value": 0.0}], predict) == [0.5, 0.0]
