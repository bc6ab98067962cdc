"""Before the first request: a model whose answers depend on company is found out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from shared.errors import ArtifactError
from tests.answerings import classifier
from tests.unit import small_models as small
from tests.unit.test_dropped_rows import check_own
from tests.unit.test_framing import DTYPES, frame, model, refusal
from worker.model.loading import Model, load
from worker.scoring.made_up import observations
from worker.scoring.warm_up import warm_up

IN_COMPANY = [
    small.divide_by_largest, small.take_neighbours, small.add_up, small.fill_up, small.turn_round,
]  # fmt: skip
BY_THEMSELVES = [
    small.as_it_is, small.drop_nulls, small.drop_nulls_and_index, small.drop_repeated,
    small.keep_last_repeated, small.refuse_repeated,
]  # fmt: skip


@pytest.mark.parametrize("step", IN_COMPANY)
def test_answers_that_depend_on_company_are_given_row_by_row(
    step: small.Step, caplog: pytest.LogCaptureFixture
) -> None:
    """Found at start, said in the log, and each row has its own answer from then on."""
    given = small.small_model(step)
    assert warm_up(given).row_by_row
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "depend on what else is in a group" in caplog.text
    assert "row by row" in caplog.text
    for size in (1, 7, 8, 40):
        check_own(small.rows(size), replace(given, row_by_row=True))


@pytest.mark.parametrize("step", BY_THEMSELVES)
def test_dropping_rows_is_no_dependence(step: small.Step, caplog: pytest.LogCaptureFixture) -> None:
    """Such a model is scored in groups, and nothing is said."""
    assert not warm_up(small.small_model(step)).row_by_row
    assert not caplog.records


def test_the_shipped_model_is_scored_in_groups(
    artifacts: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is said of it."""
    assert not warm_up(load(artifacts)).row_by_row
    assert not caplog.records


def test_a_misshapen_model_is_refused() -> None:
    """At start, by name."""
    with pytest.raises(ArtifactError, match=r"pipeline.pickle: .* shape \(1, 1\)"):
        warm_up(small.small_model(small.as_it_is, small.FlatRegression()))


def test_what_could_not_be_found_out_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """A model that refuses every made-up row is served, with a warning that names the cause."""

    def choosy(data: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("never heard of it")

    assert not warm_up(small.small_model(choosy)).row_by_row
    assert "could not be found out" in caplog.text
    assert "ValueError: never heard of it" in caplog.text


@pytest.mark.parametrize(
    "encode",
    [
        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
        OneHotEncoder(),  # a missing value is a category of its own
    ],
)
def test_an_encoder_that_refuses_unknown_categories_is_tried_on_its_own(
    encode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The usual column transformer answers the made-up rows, so that its company can be checked."""
    data = pd.DataFrame({"colour": ["red", "blue", None] * 20, "size": np.arange(60.0) / 9})
    pipeline = make_pipeline(
        make_column_transformer((encode, ["colour"]), remainder="passthrough"),
        LogisticRegression(),
    )
    pipeline.fit(data, np.arange(60) % 7 > 2)
    dtypes: dict[str, Any] = {name: data[name].dtype for name in data.columns}
    fitted = Model(pipeline, tuple(data.columns), dtypes, classifier(False, True), "colours")
    assert {o["colour"] for o in observations(fitted)} == {"red", "blue", None}
    assert not warm_up(fitted).row_by_row
    assert not caplog.records


@pytest.mark.parametrize("name", DTYPES)
def test_made_up_rows_fit_every_dtype(name: str) -> None:
    """They are JSON, are taken by the columns, and differ; a null is there where one may be."""
    fitted = model({"a": DTYPES[name], "n": "float64"})
    made = observations(fitted)
    assert json.loads(json.dumps(made)) == made
    assert not [fault for o in made if (fault := refusal(o, fitted))]
    assert len({json.dumps(o) for o in made}) >= 16
    may_be_null = refusal({"a": None, "n": 1}, fitted) is None
    assert any(o["a"] is None for o in made) == may_be_null
    assert sum(o["a"] is not None for o in made) >= 8
    assert len(frame(made, fitted)) == len(made)
