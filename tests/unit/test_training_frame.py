"""What the files say of the frame that a pipeline was fitted on."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from shared.errors import ArtifactError
from worker.model.loading import Model, load
from worker.model.training_frame import read_labels
from worker.scoring.framing import frame

TEXTS = pd.Series(["good", "bad", "good fine", "bad poor"] * 5, name="review")
TRUE_CLASSES = np.arange(20) % 2


def loaded(folder: Path, pipeline: Any, dtypes: Any, columns: Any) -> Model:
    """The model of these three files."""
    joblib.dump(pipeline, folder / "pipeline.pickle")
    (folder / "dtypes.pickle").write_bytes(pickle.dumps(dtypes))
    (folder / "columns.json").write_text(json.dumps(columns))
    return load(folder)


@pytest.mark.parametrize("vectorizer", [TfidfVectorizer(), HashingVectorizer(n_features=64)])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("dtypes", [TEXTS.dtype, TEXTS.to_frame().dtypes])
@pytest.mark.parametrize("columns", ["review", ["review"]])
def test_one_column_of_texts(
    vectorizer: Any, nested: bool, dtypes: Any, columns: Any, tmp_path: Path
) -> None:
    """Is given as a Series, however the files tell of it: of a frame the words of its columns'
    names would be counted."""
    first = make_pipeline(vectorizer) if nested else vectorizer
    pipeline = make_pipeline(first, LogisticRegression()).fit(TEXTS, TRUE_CLASSES)
    model = loaded(tmp_path, pipeline, dtypes, columns)
    made: Any = frame([{"review": text} for text in TEXTS], model)
    assert model.answers(made) == pipeline.predict_proba(TEXTS)[:, 1].tolist()
    assert type(made) is pd.Series


def test_a_series_of_numbers_is_told_by_its_dtype(tmp_path: Path) -> None:
    """A frame of one column has dtypes, and stays a frame."""
    data = pd.DataFrame({"x": np.arange(20.0)})
    pipeline = LogisticRegression().fit(data, TRUE_CLASSES)
    assert not loaded(tmp_path, pipeline, data.dtypes, ["x"]).takes_series
    assert loaded(tmp_path, pipeline, data["x"].dtype, ["x"]).takes_series


def test_columns_named_by_numbers(tmp_path: Path) -> None:
    """Keys are texts, labels are what they were."""
    data = pd.DataFrame(np.arange(40.0).reshape(20, 2))
    pipeline = LogisticRegression().fit(data, TRUE_CLASSES)
    model = loaded(tmp_path, pipeline, data.dtypes, [0, 1])
    assert (model.columns, model.labels) == (("0", "1"), (0, 1))
    assert set(model.dtypes) == {"0", "1"}
    assert list(frame([{"0": 1, "1": 2}], model).columns) == [0, 1]


@pytest.mark.parametrize(
    "columns",
    [[], {}, 3, None, [True], [1.5], [["a", "b"]], [None], [0, "0"], ["a", "a"], [{"a": 1}]],
)
def test_other_names_are_refused(columns: Any, tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / "columns.json").write_text(json.dumps(columns))
    with pytest.raises(
        ArtifactError, match="different column names, each a text or a whole number"
    ):
        read_labels(tmp_path / "columns.json", (tmp_path / "columns.json").read_bytes())
