"""What the encoders of a pipeline know of each column, and what of it is told to clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from tests.answerings import classifier
from worker.model.known_categories import known_categories, likely_categories
from worker.model.loading import Model
from worker.scoring.framing import columns, frame, take
from worker.scoring.reading import column

DATA = pd.DataFrame(
    {"size": np.arange(60) / 7, "port": ["S", "C", "Q"] * 20, "sex": ["m", "f"] * 30}
).astype({"port": object, "sex": object})
TRUE_CLASSES = np.arange(60) % 7 > 2
PORTS = ["C", "Q", "S"]


class Odd(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A stranger's step whose attributes have names that scikit-learn uses otherwise."""

    def fit(self, data: Any, true_classes: Any = None) -> Odd:
        """Nothing is learnt."""
        self.steps, self.transformers_, self.named_estimators_ = 3, "abc", [1]
        self.calibrated_classifiers_, self.transformer_list = 5, ["ab", "cd"]
        return self

    def transform(self, data: Any) -> Any:
        """Nothing is changed."""
        return data


def served(pipeline: Any, data: pd.DataFrame = DATA) -> Model:
    """The model of a pipeline that is fitted on this frame."""
    pipeline.fit(data, TRUE_CLASSES)
    dtypes: dict[str, Any] = {str(name): data[name].dtype for name in data.columns}
    labels = tuple(data.columns)
    return Model(
        pipeline, tuple(map(str, labels)), dtypes, classifier(False, True), "v", labels=labels
    )


def one_hot() -> OneHotEncoder:
    """An encoder that leaves out what it does not know."""
    return OneHotEncoder(handle_unknown="ignore")


def by_name(encoder: Any, *columns: Any) -> Any:
    """A classifier of some columns of the frame."""
    return make_pipeline(make_column_transformer((encoder, list(columns))), LogisticRegression())


STRAIGHT: list[Callable[[], Any]] = [
    lambda: by_name(one_hot(), "port"),
    lambda: by_name(make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot()), "port"),
    lambda: by_name(make_union(one_hot(), one_hot()), "port"),
    lambda: make_pipeline(
        "passthrough", make_column_transformer(("drop", ["size"]), remainder=one_hot()),
        LogisticRegression(),
    ),
    lambda: by_name(one_hot(), 1),
    lambda: make_pipeline(
        make_column_transformer((one_hot(), slice(1, 3))), LogisticRegression()
    ),
    lambda: make_pipeline(
        make_column_transformer((one_hot(), [False, True, False])), LogisticRegression()
    ),
    lambda: GridSearchCV(by_name(one_hot(), "port"), {"logisticregression__C": [1.0]}, cv=2),
    lambda: CalibratedClassifierCV(by_name(one_hot(), "port"), cv=2),
    lambda: VotingClassifier([("one", by_name(one_hot(), "port"))], voting="soft"),
]  # fmt: skip


@pytest.mark.parametrize("make", STRAIGHT)
def test_categories_of_a_column_that_goes_straight_to_an_encoder(make: Callable[[], Any]) -> None:
    """Are found wherever the encoder stands, and a text that is none of them is warned of."""
    fitted = served(make())
    assert sorted(known_categories(fitted)["port"]) == PORTS
    assert "size" not in known_categories(fitted)
    observation: dict[str, Any] = {"size": 1.0, "port": "Southampton", "sex": "m"}
    taken, warnings = take(observation, columns(fitted))
    assert taken == observation
    assert warnings == ["port is 'Southampton', which the model does not know"]
    assert take({**observation, "port": "Q"}, columns(fitted))[1] == []
    assert take({"size": 1.0}, columns(fitted)) == ({"size": 1.0}, [])


@pytest.mark.parametrize("make", STRAIGHT[4:7])
def test_columns_that_are_named_by_numbers(make: Callable[[], Any]) -> None:
    """Are found by their places, too; their keys are the texts of the numbers."""
    fitted = served(make(), DATA.set_axis([10, 11, 12], axis=1))
    assert sorted(known_categories(fitted)["11"]) == PORTS


def lower(data: pd.DataFrame) -> pd.DataFrame:
    """The texts in small letters, in columns of the same names."""
    return data.assign(port=data["port"].str.lower(), sex=data["sex"].str.lower())


CHANGED: list[Callable[[], Any]] = [
    lambda: make_pipeline(FunctionTransformer(lower), by_name(one_hot(), "port", "sex")),
    lambda: by_name(make_pipeline(Odd(), one_hot()), "port", "sex"),
    lambda: make_pipeline(
        make_column_transformer(("passthrough", ["sex", "port", "size"])), OrdinalEncoder(),
        LogisticRegression(),
    ),
]  # fmt: skip


@pytest.mark.parametrize("make", CHANGED)
def test_a_step_before_the_encoder_may_change_what_it_is_given(make: Callable[[], Any]) -> None:
    """So that nobody is warned of what the model may well know."""
    fitted = served(make())
    assert known_categories(fitted) == {}
    for port in ("Southampton", "s", "S"):
        observation = {"size": 1.0, "port": port, "sex": "f"}
        assert take(observation, columns(fitted)) == (observation, [])


def test_guesses_are_for_made_up_rows() -> None:
    """A step that changes nothing leaves a good guess, as good as what is known."""
    fitted = served(by_name(make_pipeline(Odd(), one_hot()), "port"))
    assert sorted(likely_categories(fitted)["port"]) == PORTS
    assert likely_categories(served(STRAIGHT[0]())) == known_categories(served(STRAIGHT[0]()))


@pytest.mark.parametrize(("missing", "kept"), [(None, True), (np.nan, False)])
def test_a_missing_value_is_what_it_was_in_training(missing: Any, kept: bool) -> None:
    """To an encoder None and NaN are two categories; a frame from a file has NaN, and one from a
    database None."""
    ports = pd.Series(["S", "C", missing] * 20, dtype=object)
    fitted = served(by_name(one_hot(), "port"), DATA.assign(port=ports))
    made = frame([{"port": None}, {"port": "S"}], fitted)
    assert (made["port"][0] is None) == kept
    wanted = fitted.pipeline.predict_proba(DATA.assign(port=ports).iloc[[2, 0]])[:, 1]
    assert fitted.answers(made) == wanted.tolist()


def test_several_encoders_of_a_column() -> None:
    """What one of them knows, the model knows."""
    columns_of = make_column_transformer(
        (OneHotEncoder(categories=[["C", "Q", "S"]]), ["port"]),
        (OneHotEncoder(categories=[["S", "X"]], handle_unknown="ignore"), ["port"]),
    )
    fitted = served(make_pipeline(columns_of, LogisticRegression()))
    assert known_categories(fitted)["port"] == ["C", "Q", "S", "X"]


@pytest.mark.parametrize(
    ("value", "expected", "warned"),
    [
        ("1", "1", False), (2, 2, False), (2.0, 2, False), ("2", 2, False), (1, "1", False),
        (3, 3, True), ("3", "3", True), (True, True, True), ("", "", True), ([2], [2], False),
        ({"a": 1}, {"a": 1}, False), (None, None, False),
    ],
)  # fmt: skip
def test_values_of_a_column_of_objects(value: Any, expected: Any, warned: bool) -> None:
    """Are what means the same to the encoder, else what they are, with a warning; lists and objects
    are the pipeline's own affair."""
    known = column("port", np.dtype(object), ["1", 2, 2.5])
    assert known is not None
    observation, warnings = take({"port": value}, [known])
    assert (type(observation["port"]), observation["port"]) == (type(expected), expected)
    assert warnings == ([f"port is {value!r}, which the model does not know"] if warned else [])
