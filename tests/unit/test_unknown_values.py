"""A value that the model does not know is matched with what means the same, or warned about."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from shared.shown import MOST_WARNINGS, at_most
from tests.answerings import classifier
from tests.unit.test_framing import model
from worker.model.loading import Model
from worker.scoring.framing import columns, take
from worker.scoring.scoring import score

CATEGORIES: dict[str, list[Any]] = {
    "numbers": [1, 2, 3], "fractions": [0.5, 2.0], "texts": ["2", "b", "3.0"],
    "truths": [False, True],
}  # fmt: skip


def taken(fitted: Model, value: Any) -> tuple[Any, list[str]]:
    observation, warnings = take({"Column": value}, columns(fitted))
    return observation["Column"], warnings


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("numbers", 2, 2), ("numbers", "2", 2), ("numbers", 2.0, 2), ("numbers", "2.0", 2),
        ("numbers", " 2", 2), ("numbers", True, 1), ("fractions", "0.5", 0.5),
        ("fractions", 2, 2.0), ("fractions", "2", 2.0), ("texts", 2, "2"), ("texts", 2.0, "2"),
        ("texts", 3, "3.0"), ("texts", 3.0, "3.0"), ("truths", 1, True), ("truths", 0.0, False),
        ("truths", True, True),
    ],
)  # fmt: skip
def test_the_same_category(kind: str, value: Any, expected: Any) -> None:
    """Is found, and nothing is said."""
    fitted = model({"Column": pd.CategoricalDtype(CATEGORIES[kind])})
    found, warnings = taken(fitted, value)
    assert found == expected
    assert warnings == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("numbers", 4), ("numbers", "4"), ("numbers", "two"), ("numbers", 2.5), ("numbers", ""),
        ("texts", "a"), ("texts", 4), ("texts", True), ("texts", "2.0"), ("truths", "maybe"),
        ("truths", "true"), ("truths", 2), ("truths", "1"),
    ],
)  # fmt: skip
def test_a_category_that_is_none(kind: str, value: Any) -> None:
    """Is missing to the model, and the warning names column and value."""
    fitted = model({"Column": pd.CategoricalDtype(CATEGORIES[kind])})
    found, warnings = taken(fitted, value)
    assert found is None
    assert warnings == [f"Column is {value!r}, which the model does not know"]


def encoded(texts: list[str]) -> Model:
    """A model of a column of such texts, which goes to an encoder, and of one that does not."""
    data = pd.DataFrame({"Column": texts * 20, "Other": ["a", "b"] * (10 * len(texts))})
    pipeline = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["Column"]),
            (OrdinalEncoder(), ["Other"]),
        ),
        LogisticRegression(),
    )
    pipeline.fit(data, np.arange(len(data)) % 3 == 0)
    dtypes = {name: pd.StringDtype(na_value=np.nan) for name in data.columns}
    return Model(pipeline, tuple(data.columns), dtypes, classifier(False, True), "encoded")


@pytest.mark.parametrize(
    ("value", "expected", "warned"),
    [
        ("90210", "90210", False), (90210, "90210", False), (90210.0, "90210", False),
        (10115.0, "10115.0", False), (10115, "10115.0", False), ("x", "x", True), ("", "", True),
        (7, "7", True), (7.0, "7.0", True), (0.5, "0.5", True), (True, "True", True),
    ],
)  # fmt: skip
def test_a_number_in_a_column_of_texts(value: Any, expected: str, warned: bool) -> None:
    """Is the text that the encoder knows; else its own, with a warning. So is a text."""
    found, warnings = taken(encoded(["90210", "10115.0"]), value)
    assert found == expected
    assert bool(warnings) == warned


@pytest.mark.parametrize(
    ("value", "expected", "warned"),
    [(5, "5", False), (90210.0, "90210.0", True), (True, "True", True), ("x", "x", False)],
)
def test_a_number_in_a_column_of_which_nothing_is_known(
    value: Any, expected: str, warned: bool
) -> None:
    """A whole number has one plain text; what else there may be is warned about."""
    found, warnings = taken(model({"Column": "str"}), value)
    assert found == expected
    assert bool(warnings) == warned


def test_warnings_come_with_the_answer() -> None:
    """Each row's own, whatever it is grouped with; and the same answer as what it was read as."""
    fitted = encoded(["90210", "10115.0"])
    sent: list[Any] = ["90210", 90210.0, 7.5, "7.5", 10115]
    bodies = [json.dumps({"id": 0, "observation": {"Column": v, "Other": "a"}}) for v in sent]
    scores = score(bodies, fitted)
    assert scores[0].proba == scores[1].proba
    assert scores[2].proba == scores[3].proba
    assert [s.warnings for s in scores] == [
        (), (), ("Column is 7.5, which the model does not know",),
        ("Column is '7.5', which the model does not know",), (),
    ]  # fmt: skip


def test_many_warnings_are_bounded() -> None:
    """A frame of hundreds of columns of which none is known."""
    names = [f"Column {number}" for number in range(300)]
    fitted = model(dict.fromkeys(names, pd.CategoricalDtype(["a"])))
    observation = dict.fromkeys(names, "x" * 1000)
    _, warnings = take(observation, columns(fitted))
    assert len(warnings) == len(names)
    assert len(at_most(warnings)) == MOST_WARNINGS + 1
    assert at_most(warnings)[-1] == f"and {len(names) - MOST_WARNINGS} more"
    assert len(json.dumps(at_most(warnings))) < 5000
