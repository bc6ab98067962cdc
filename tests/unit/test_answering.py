"""What each kind of model answers: the table of the README, and what is no answer."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from queuecast.packing.answers import Answering as PackedAnswering
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from shared.errors import ArtifactError, UnansweredError
from shared.model_kind import ModelKind
from tests.models import model_steps
from tests.models.contract_answers import answers
from tests.models.kinds_of_answers import KINDS_OF_ANSWERS, labelled
from tests.models.small_frames import imputed, numbers, positive
from worker.model.kind_of_model import answering_of, warn_of_pairs
from worker.model.loading import Model
from worker.scoring.agreement import agree
from worker.scoring.scoring import Score, score

LABELS = ["low", "middle", "high"]


def model_of(pipeline: Any) -> Model:
    """A model of the numbers x and y."""
    dtypes: dict[str, Any] = {"x": np.dtype("float64"), "y": np.dtype("float64")}
    return Model(pipeline, ("x", "y"), dtypes, answering_of(pipeline, "the file"), "small")


def scored(rows: Sequence[dict[str, Any]], model: Model) -> list[Score]:
    return score([json.dumps({"id": 0, "observation": row}) for row in rows], model)


@pytest.mark.parametrize("kind", sorted(KINDS_OF_ANSWERS))
def test_as_the_pipeline_says(kind: str) -> None:
    """Alone, together and shuffled, and as `queuecast.pack` writes it down."""
    pipeline, data = KINDS_OF_ANSWERS[kind](model_steps)
    model = model_of(pipeline)
    wanted = answers(pipeline, data)
    rows = json.loads(data.to_json(orient="records", double_precision=15))
    places = list(range(len(rows)))
    random.Random(1).shuffle(places)
    for company in ([place] for place in places):
        check([rows[place] for place in company], [wanted[place] for place in company], model)
    check(rows, wanted, model)
    check([rows[place] for place in places], [wanted[place] for place in places], model)
    packed = PackedAnswering(pipeline)
    assert agree(packed.answer(data.iloc[[3]]), wanted[3], 1e-12)
    assert packed.kind == model.answering.kind
    assert packed.classes == list(model.answering.classes)
    assert packed.positive_class == model.answering.positive_class


def check(rows: Sequence[dict[str, Any]], wanted: Sequence[dict[str, Any]], model: Model) -> None:
    for found, answer in zip(scored(rows, model), wanted, strict=True):
        assert found.error is None, found.error
        assert agree(found.body, answer, 1e-12), (found.body, answer)
        assert json.loads(json.dumps(found.body, allow_nan=False)) == found.body
        assert found.proba == (found.body or {}).get("proba")


class Own(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Three classes by x, with what is given in place of the numbers where x is above 9."""

    def __init__(self, spoilt: float = 0.5, unsure: bool = False) -> None:
        self.spoilt, self.unsure = spoilt, unsure
        self.classes_ = np.array(LABELS)

    def predict(self, data: pd.DataFrame) -> Any:
        """The second most likely class: a rule of one's own; or "unsure"."""
        order = np.argsort(self.predict_proba(data), axis=1)
        if self.unsure:
            return np.full(len(data), "unsure")
        return self.classes_[order[:, 1]]

    def predict_proba(self, data: pd.DataFrame) -> Any:
        """Shape (rows, 3)."""
        x = data["x"].to_numpy()
        found = np.column_stack([x / 20, x / 10, 1 - 0.15 * x])
        found[x > 9, 2] = self.spoilt
        return found


def test_predict_decides() -> None:
    """A pipeline may decide by a rule of its own: `prediction` is what its `predict` says, and
    `proba` that of what it says."""
    found = scored([{"x": 1.0, "y": 0.0}], model_of(Own()))[0].body or {}
    assert found["probas"] == {"low": 0.05, "middle": 0.1, "high": 0.85}
    assert list(found["probas"]) == LABELS
    assert (found["prediction"], found["proba"]) == ("middle", 0.1)


def test_what_is_no_class() -> None:
    """It has no probability."""
    found = scored([{"x": 1.0, "y": 0.0}], model_of(Own(unsure=True)))[0]
    assert found.body is not None and found.proba is None
    assert (found.body["prediction"], found.body["proba"]) == ("unsure", None)


class Gap(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Gives what it was made with where x is above 9, and else x."""

    def __init__(self, spoilt: Any, outputs: int = 1) -> None:
        self.spoilt, self.outputs = spoilt, outputs

    def predict(self, data: pd.DataFrame) -> Any:
        """Shape (rows,) or (rows, outputs)."""
        x = data["x"].to_numpy()
        found = np.where(x > 9, self.spoilt, x)
        return found if self.outputs == 1 else np.column_stack([x] * (self.outputs - 1) + [found])

    def __sklearn_is_fitted__(self) -> bool:
        return True


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["classifier", "number", "numbers"])
def test_what_is_no_number(kind: str, spoilt: float) -> None:
    """Is that row's error alone, whatever it is grouped with: JSON has no such number."""
    pipelines = {"classifier": Own(spoilt), "number": Gap(spoilt), "numbers": Gap(spoilt, 3)}
    model = model_of(pipelines[kind])
    found = scored([{"x": 1.0, "y": 0}, {"x": 10.0, "y": 0}, {"x": 2.0, "y": 0}], model)
    assert [f.error is None for f in found] == [True, False, True]
    assert isinstance(found[1].error, UnansweredError)
    assert str(found[1].error) == f"the model's answer is {spoilt}"


def test_one_output_as_a_column() -> None:
    """Of a regressor that was fitted on a column is a number all the same."""
    pipeline = imputed(LinearRegression()).fit(numbers(), numbers()[["x"]] * 3 + 1)
    assert pipeline.predict(numbers()).shape[1:] == (1,)
    found = scored([{"x": 0.5, "y": 0.0}], model_of(pipeline))[0].body or {}
    assert found["prediction"] == pytest.approx(2.5)
    packed = PackedAnswering(pipeline).answer(pd.DataFrame({"x": [0.5], "y": [0.0]}))
    assert packed == {"prediction": pytest.approx(2.5)}


class Counter(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Counts, as whole numbers of whatever type it was made with."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def predict(self, data: pd.DataFrame) -> Any:
        """Shape (rows,)."""
        return data["x"].to_numpy().astype(self.dtype)

    def __sklearn_is_fitted__(self) -> bool:
        return True


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "object"])
def test_whole_numbers_stay_whole(dtype: str) -> None:
    """As the pipeline gave them."""
    found = scored([{"x": 7.0, "y": 0.0}], model_of(Counter(dtype)))[0].body
    assert json.dumps(found) == f'{{"prediction": {7.0 if dtype == "object" else 7}}}'


def test_indexed_answers_are_aligned() -> None:
    """A Series that leaves rows out, or has them in another order, is followed by its index."""

    class Series(Counter):
        def predict(self, data: pd.DataFrame) -> Any:
            return data["x"].dropna().iloc[::-1]

    rows: list[Any] = [
        {"x": 1.5, "y": 0},
        {"x": None, "y": 0},
        {"x": 2.5, "y": 0},
        {"x": 3.5, "y": 0},
    ]
    found = scored(rows, model_of(Series("float")))
    assert [f.body for f in found] == [
        {"prediction": 1.5}, None, {"prediction": 2.5}, {"prediction": 3.5}
    ]  # fmt: skip
    assert str(found[1].error) == "the model gave no answer for this observation"


def test_scores_of_pairs_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Three classes have three pairs, but none of their scores is a class's; the log says so."""
    labels = np.array(LABELS)[np.digitize(numbers()["x"], [-0.5, 0.5])]
    pipeline = imputed(SVC(decision_function_shape="ovo")).fit(numbers(), labels)
    model = model_of(pipeline)
    assert list(scored([{"x": 0.0, "y": 0.0}], model)[0].body or {}) == ["prediction"]
    with caplog.at_level(logging.WARNING):
        warn_of_pairs(pipeline, model.answering)
    assert "no score by class" in caplog.text
    assert list(PackedAnswering(pipeline).answer(numbers().iloc[[0]])) == ["prediction"]
    by_class, _ = labelled(SVC(), labels)
    assert list(scored([{"x": 0.0, "y": 0.0}], model_of(by_class))[0].body or {}) == [
        "prediction", "score"
    ]  # fmt: skip


def with_classes(classes: Any) -> Any:
    fitted = imputed(LogisticRegression()).fit(numbers(), positive())
    fitted.steps[-1][1].classes_ = classes
    return fitted


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (with_classes(np.array(["2020-01-01", "2021-01-01"], "M8[ns]")), "must be texts, numbers"),
        (with_classes([None, "yes"]), "must be texts, numbers or booleans"),
        (with_classes([frozenset("a"), frozenset("b")]), "must be texts, numbers or booleans"),
        (with_classes([0.0, float("nan")]), "must be texts, numbers or booleans"),
        (with_classes(np.array([1, "1"], dtype=object)), "two classes that JSON writes alike"),
        (with_classes(["only"]), "knows only one class"),
        (make_pipeline(LogisticRegression()), "not fitted"),
        (make_pipeline(LinearRegression()), "not fitted"),
        (object(), "holds a object without predict"),
        (
            MultiOutputClassifier(LogisticRegression()).fit(
                numbers().fillna(0), np.column_stack([positive(), ~positive()])
            ),
            "a classifier of 2 outputs",
        ),
    ],
    ids=["times", "nothing", "sets", "no number", "alike", "one", "unfitted", "unfitted regressor",
         "no predict", "several outputs"],
)  # fmt: skip
def test_what_has_no_answer_in_the_table(pipeline: Any, message: str) -> None:
    """Is refused when it is loaded."""
    with pytest.raises(ArtifactError, match=message):
        answering_of(pipeline, "pipeline.pickle")


@pytest.mark.parametrize("given", ["text", "rows of texts", "no rows", "three axes"])
def test_misshapen_predictions_are_the_models_fault(given: str) -> None:
    """They are refused at the trial, and are no row's fault."""

    class Strange(Counter):
        def predict(self, data: pd.DataFrame) -> Any:
            rows = len(data)
            return {
                "text": np.full(rows, "yes"),
                "rows of texts": np.full((rows, 2), "yes", dtype=object),
                "no rows": np.zeros((0, 2, 2)),
                "three axes": np.zeros((rows, 2, 2)),
            }[given]

    for found in scored([{"x": 1.0, "y": 0}, {"x": 2.0, "y": 0}], model_of(Strange("float"))):
        assert isinstance(found.error, ArtifactError), found
        assert "predict gave" in str(found.error)


def test_the_positive_class() -> None:
    """As the manifest names it, of two; of 0 and 1 it is always 1."""
    pipeline, data = KINDS_OF_ANSWERS["text_classes"](model_steps)
    model = model_of(pipeline)
    assert model.answering.positive_class == "yes"
    turned = model.answering.with_positive_class("no")
    (first,) = turned.answers(pipeline, data.iloc[[0]])
    assert isinstance(first, dict)
    assert first["proba"] == first["probas"]["no"]
    with pytest.raises(ArtifactError, match="'maybe', which is none of two classes"):
        model.answering.with_positive_class("maybe")
    plain, _ = KINDS_OF_ANSWERS["reversed_classes"](model_steps)
    assert answering_of(plain, "").with_positive_class(0).positive_class == 1


def test_kinds_have_the_names_of_the_manifest() -> None:
    """`queuecast.pack` writes these."""
    assert [str(kind) for kind in ModelKind] == [
        "classifier", "classifier without probabilities", "regressor"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1.0, 1.0 + 1e-13, True), (1.0, 1.0 + 1e-11, False), (1e6, 1e6 + 1e-7, True),
        (1e6, 1e6 + 1e-5, False), ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"b": 1}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False), ([1, 2], [1, 2], True), ([1], [1, 2], False),
        ("a", "a", True), ("a", "b", False), (True, 1, False), (None, 0, False), (None, None, True),
        ({"a": 1}, None, False), ([1], 1, False),
    ],
)  # fmt: skip
def test_when_answers_agree(one: Any, other: Any, same: bool) -> None:
    """Numbers within a tolerance, which grows with large ones; all else exactly."""
    assert agree(one, other, 1e-12) is same
