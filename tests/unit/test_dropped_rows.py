"""Pipelines that drop rows: each row has its own answer, or none, whatever it is grouped with."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from shared.errors import ArtifactError, UnfitObservationError
from tests.unit import small_models as small
from worker.model.alignment import numbers_by_class
from worker.model.loading import Model
from worker.scoring.framing import Observation
from worker.scoring.scoring import Score, score

DROPPING = [
    small.as_it_is, small.drop_nulls, small.drop_nulls_and_index, small.drop_repeated,
    small.keep_last_repeated, small.refuse_repeated,
]  # fmt: skip
CLASSIFIERS = [LogisticRegression, small.FramedRegression, small.SqueezedRegression]


def scored(observations: Sequence[Observation], model: Model) -> list[Score]:
    """The scores of these rows as one group."""
    return score([json.dumps({"id": 0, "observation": o}) for o in observations], model)


def check_own(observations: Sequence[Observation], model: Model) -> None:
    """Each row of this group has the pipeline's answer for it alone, or none as it has."""
    for observation, found in zip(observations, scored(observations, model), strict=True):
        own = small.own_answer(model, observation)
        if own is None:
            assert found.proba is None
            assert isinstance(found.error, UnfitObservationError)
        else:
            assert found.error is None, found.error
            assert found.proba == pytest.approx(own, abs=1e-12)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("step", DROPPING)
def test_each_row_has_its_own_answer(
    step: small.Step, classifier: type[LogisticRegression]
) -> None:
    """In small and large groups, padded or not."""
    model = small.small_model(step, classifier())
    observations = small.rows(48)
    for size in (1, 2, 3, 7, 8, 16, 48):
        for start in range(0, len(observations), size):
            check_own(observations[start : start + size], model)


def test_a_turned_answer_is_aligned_by_its_index() -> None:
    """Answers in another order, each with its row's number, go to their rows."""
    model = small.small_model(small.turn_round, small.FramedRegression())
    for size in (1, 5, 8, 16, 64):
        check_own(small.rows(size), model)


def test_a_row_without_an_answer_says_so() -> None:
    """The message of a pipeline that gives nothing back for a row."""

    class Quiet(LogisticRegression):  # type: ignore[misc]
        def predict_proba(self, data: pd.DataFrame) -> object:
            return super().predict_proba(data) if len(data) else np.empty((0, 2))

    model = small.small_model(small.drop_nulls, Quiet())
    for observations in (small.rows(1), small.rows(16)):
        assert observations[-1]["y"] is None
        found = scored(observations, model)[-1]
        assert str(found.error) == "the model gave no answer for this observation"


def test_more_answers_than_rows_are_nobodys() -> None:
    """A pipeline that gives two answers for one row is not asked which it meant."""
    model = small.small_model(lambda data: pd.concat([data, data]))
    for found in scored([{"x": 1, "y": 2}, {"x": 2, "y": 1}], model):
        assert found.proba is None
        assert str(found.error) == "the model gave 2 answers for 1 observations"


def test_an_answer_that_company_spoils_is_asked_for_alone() -> None:
    """A null makes the whole group's largest value NaN, and with it every answer; not that of a
    row alone."""

    class Lenient(LogisticRegression):  # type: ignore[misc]
        def predict_proba(self, data: pd.DataFrame) -> object:
            whole = super().predict_proba(data.fillna(0))
            return whole if data.notna().all(axis=None) else whole * np.nan

    model = small.small_model(small.as_it_is, Lenient())
    observations = small.rows(16)
    for observation, found in zip(observations, scored(observations, model), strict=True):
        assert (found.proba is None) == (observation["y"] is None)
        assert found.error is None or str(found.error) == "the model's answer is nan"


def test_few_dropped_rows_cost_few_calls() -> None:
    """What has a place by its index is not asked for again; what has none is found by halving."""
    calls: list[int] = []

    def counted(data: pd.DataFrame) -> pd.DataFrame:
        calls.append(len(data))
        return data.dropna()

    observations = [{"x": float(i), "y": 1.0} for i in range(512)]
    observations[100] = {"x": None, "y": 1.0}  # type: ignore[dict-item]
    scored(observations, small.small_model(counted, small.FramedRegression()))
    assert len(calls) <= 3
    calls.clear()
    scored(observations, small.small_model(counted))
    assert len(calls) <= 2 * 10 + 3


@pytest.mark.parametrize("size", [1, 3, 16])
def test_a_misshapen_answer_is_the_models_fault(size: int) -> None:
    """One column, or three axes: a 500 that says which shape, and not that a row is at fault."""
    model = small.small_model(small.as_it_is, small.FlatRegression())
    for found in scored([{"x": i, "y": 1} for i in range(size)], model):
        assert found.proba is None
        assert isinstance(found.error, ArtifactError)
        assert found.error.status == 500
        assert "predict_proba gave an answer of shape" in str(found.error)


FRAMED: list[tuple[list[object], int, list[float] | None]] = [
    ([0, 1, 2], 3, [0.0, 0.1, 0.2]),
    ([2, 0, 1], 3, [0.1, 0.2, 0.0]),
    ([0, 2], 3, [0.0, np.nan, 0.1]),
    ([2, 1], 4, [np.nan, 0.1, 0.0, np.nan]),
    ([0, 1], 3, None),  # numbered anew, or the last was dropped
    ([1, 0], 3, None),
    ([0, 0, 2], 3, None),  # one twice and one never
    ([0, 7], 3, None),
    ([], 3, None),
    (["a", "b"], 3, None),
    (["a", "b", "c"], 3, [0.0, 0.1, 0.2]),  # an index of the pipeline's own
    ([7, 8, 9], 3, [0.0, 0.1, 0.2]),
    ([5], 1, [0.0]),
]


@pytest.mark.parametrize(("index", "rows", "expected"), FRAMED)
def test_what_an_index_tells(index: list[object], rows: int, expected: list[float] | None) -> None:
    """It is followed where it can only be the frame's; nothing is guessed."""
    second = np.arange(len(index)) / 10
    given = pd.DataFrame({"no": 1 - second, "yes": second}, index=index)
    if expected is None:
        with pytest.raises(UnfitObservationError, match=f"{len(index)} answers for {rows}"):
            numbers_by_class(given, rows, 2, "predict_proba")
    else:
        found = numbers_by_class(given, rows, 2, "predict_proba")[:, 1]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(), (3,), (3, 1), (2, 3, 2)])
def test_shapes_that_are_no_probabilities(shape: tuple[int, ...]) -> None:
    """Each is named."""
    with pytest.raises(ArtifactError, match="shape"):
        numbers_by_class(np.zeros(shape), 3, 2, "predict_proba")


def test_shuffled_groups_of_a_dropping_pipeline() -> None:
    """Twenty shuffles of one group give each row the same."""
    model = small.small_model(small.drop_repeated)
    observations = small.rows(24)
    order = random.Random(6)
    for _ in range(20):
        order.shuffle(observations)
        check_own(observations, model)
