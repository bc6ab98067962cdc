"""Pipelines with steps of their own that drop rows, or that compute from the whole group, served by
a real worker: each answer, and each stored row, is that row's own."""

from __future__ import annotations

import importlib
import json
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.system import System

PACKAGE = "steps_on_rows"
STEPS = """
from sklearn.base import BaseEstimator, TransformerMixin


class Step(TransformerMixin, BaseEstimator):
    def fit(self, observations, true_classes=None):
        self.n_features_in_ = observations.shape[1]
        return self


class DropMissing(Step):
    def transform(self, observations):
        return observations.dropna()


class DropRepeated(Step):
    def transform(self, observations):
        return observations.dropna().drop_duplicates()


class DivideByLargest(Step):
    def transform(self, observations):
        return observations / observations.abs().max()
"""
TOGETHER = 16


def make_model(folder: Path, step: str, steps: Any) -> Any:
    """Write a model folder with this step, its package beside it; the fitted pipeline."""
    numbers = np.random.default_rng(8).normal(size=(200, 2))
    data = pd.DataFrame(numbers, columns=["x", "y"])
    pipeline = make_pipeline(getattr(steps, step)(), LogisticRegression())
    pipeline.fit(data, numbers.sum(axis=1) > 0)
    joblib.dump(pipeline, folder / "pipeline.pickle")
    (folder / "dtypes.pickle").write_bytes(pickle.dumps(data.dtypes))
    (folder / "columns.json").write_text(json.dumps(list(data.columns)))
    return pipeline


@pytest.mark.parametrize("step", ["DropMissing", "DropRepeated", "DivideByLargest"])
def test_each_answer_is_its_own_rows(
    step: str,
    tmp_path: Path,
    new_redis_url: Callable[[], str],
    new_database_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Six times sixteen at once, each third with a null and some the same: every 200 is what the
    pipeline says of that row alone, every null is a 422, and the table holds the 200s."""
    folder = tmp_path / "model"
    (folder / PACKAGE).mkdir(parents=True)
    (folder / PACKAGE / "__init__.py").write_text(STEPS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    pipeline = make_model(folder, step, importlib.import_module(PACKAGE))

    numbers = np.random.default_rng(9).normal(size=(6 * TOGETHER, 2)).tolist()
    observations: list[dict[str, float | None]] = [{"x": x, "y": y} for x, y in numbers]
    for number in range(1, len(observations), 3):
        observations[number]["y"] = None
    for number in range(6, len(observations), 6):
        observations[number] = observations[number - 4]
    own = {
        number: float(pipeline.predict_proba(pd.DataFrame([observation]))[0, 1])
        for number, observation in enumerate(observations)
        if observation["y"] is not None
    }

    system = System(
        new_database_url("sqlite"), new_redis_url(), tmp_path, {"MODEL_DIR": str(folder)}
    )
    try:
        system.start()
        with ThreadPoolExecutor(TOGETHER) as pool:
            answers = list(pool.map(system.client.predict, range(len(observations)), observations))
        for number, answer in enumerate(answers):
            if number in own:
                assert answer.status == 200, answer
                assert answer.json == {"proba": pytest.approx(own[number], abs=1e-12)}
            else:
                assert answer.status == 422, answer
                assert "the model" in answer.json["error"]
        stored = {row["observation_id"]: row["proba"] for row in system.client.rows()}
        assert stored == {n: pytest.approx(p, abs=1e-12) for n, p in own.items()}
        assert ("scored row by row" in system.log()) == (step == "DivideByLargest")
        assert "Traceback" not in system.log()
    finally:
        system.stop()
