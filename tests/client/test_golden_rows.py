"""Which rows `pack` takes to show what a frame holds, and what it says of the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from queuecast import PackWarning, pack
from queuecast.packing.golden_rows import MOST, UNSEEN
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

ROWS = 400


def wide(columns: int, values: int) -> pd.DataFrame:
    """Columns of numbers and as many of texts, each with a missing value of its own and with some
    texts that are seen once only; shape (400, 2 * columns)."""
    random = np.random.default_rng(columns)
    data: dict[str, Any] = {}
    for place in range(columns):
        numbers = random.normal(size=ROWS)
        numbers[random.integers(ROWS)] = np.nan
        texts = random.choice(["a", "b", "c"], ROWS).astype(object)
        for value in range(values):
            texts[random.integers(ROWS)] = f"rare {value}"
        texts[random.integers(ROWS)] = None
        data |= {f"number {place}": numbers, f"text {place}": texts}
    return pd.DataFrame(data)


def fitted(data: pd.DataFrame, encoder: Any) -> Any:
    is_number = make_column_selector(dtype_include=np.number)
    is_text = make_column_selector(dtype_exclude=np.number)
    columns = make_column_transformer((SimpleImputer(), is_number), (encoder, is_text))
    y = data.iloc[:, 0].fillna(0) > 0
    return make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(data, y)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [row["observation"] for row in json.loads(path.read_text())["golden_rows"]]


def test_each_of_many_columns(tmp_path: Path) -> None:
    """Its missing value, its extremes and its values have a row, though each has them in rows of
    its own: more needs than rows."""
    data = wide(4, values=2)
    path = pack(tmp_path, fitted(data, OneHotEncoder(handle_unknown="ignore")), data)
    rows = rows_of(path)
    assert len(rows) <= MOST
    for name in data.columns:
        found = [row[name] for row in rows]
        assert None in found, name
        wanted = set(data[name].dropna()) if "text" in name else {*_extremes(data[name]), None}
        assert wanted <= set(found), name
        assert UNSEEN in found or "number" in name
    assert json.loads(path.read_text())["gaps"] == []


def _extremes(column: pd.Series) -> tuple[Any, Any]:
    return column.min(), column.max()


def test_too_many_columns(tmp_path: Path) -> None:
    """What does not fit is said, and nulls and extremes come before values."""
    data = wide(30, values=5)
    with pytest.warns(PackWarning, match="no golden row shows") as caught:
        path = pack(tmp_path, fitted(data, OneHotEncoder(handle_unknown="ignore")), data)
    rows = rows_of(path)
    gaps = json.loads(path.read_text())["gaps"]
    assert len(rows) <= MOST
    assert str(caught[0].message) == "; ".join(gaps)
    assert gaps[-1].startswith("and ") and gaps[-1].endswith(" more")
    shown = sum(any(row[name] is None for row in rows) for name in data.columns)
    shown += sum(
        {*_extremes(data[f"number {n}"])} <= {row[f"number {n}"] for row in rows} for n in range(30)
    )
    # There are 120 of them, and hardly a row shows two. By the columns' order it was half as many.
    assert shown >= 30
    # All columns of texts have an unseen one, in one row.
    assert any(all(row[f"text {n}"] == UNSEEN for n in range(30)) for row in rows)


def test_what_the_pipeline_refuses(tmp_path: Path) -> None:
    """Is said, with its reason, once for all rows that have the same."""
    data = wide(2, values=0)
    whole = data.dropna()
    encoder = OneHotEncoder()
    pipeline = fitted(whole, encoder)
    with pytest.warns(PackWarning):
        path = pack(tmp_path, pipeline, data)
    gaps = "\n".join(json.loads(path.read_text())["gaps"])
    assert "no golden row shows a missing value of 'text 0'" in gaps
    refused = "cannot be one: the pipeline refuses it with ValueError: Found unknown categories"
    assert re.search(rf"^row \d+.* {refused}", gaps, re.MULTILINE)
    assert re.search(rf"^'{UNSEEN}' in 'text 0'.* {refused}", gaps, re.MULTILINE)
    rows = rows_of(path)
    assert len(rows) >= 20
    assert not any(UNSEEN in row.values() for row in rows)


_PARTIAL = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

class Partial(RegressorMixin, BaseEstimator):
    def fit(self, data, y=None):
        self.n_features_in_ = data.shape[1]
        return self

    def predict(self, data):
        return np.where(data.to_numpy()[:, 0] > 1, np.nan, 1.0)
"""


def test_an_answer_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN is no answer, so it is a refusal."""
    (tmp_path / "partial_steps.py").write_text(_PARTIAL)
    monkeypatch.syspath_prepend(str(tmp_path))
    from partial_steps import Partial  # type: ignore[import-not-found]

    data = pd.DataFrame({"x": np.linspace(-2, 2, 80)})
    with pytest.warns(
        PackWarning, match="the largest of 'x'.*; row 79.* the pipeline's answer is not a number"
    ):
        path = pack(tmp_path / "model", Partial().fit(data), data)
    golden = json.loads(path.read_text())["golden_rows"]
    assert golden and all(row["answer"] == {"prediction": 1.0} for row in golden)


def test_the_first_lacks_least(tmp_path: Path) -> None:
    """It is shown as an example."""
    data = wide(3, values=0)
    path = pack(tmp_path, fitted(data, OneHotEncoder(handle_unknown="ignore")), data)
    assert None not in rows_of(path)[0].values()
