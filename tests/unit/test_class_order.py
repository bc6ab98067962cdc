"""Classes 0 and 1 in whichever order: `proba` is the probability of 1 or true, in what the service
answers, in what `queuecast.pack` writes down and in what is said of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from queuecast.packing.answers import Answering
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from worker.model.description import describe
from worker.model.loading import load
from worker.scoring.scoring import score


class Reversed(LogisticRegression):  # type: ignore[misc]
    """Has its two classes, and their probabilities, in descending order."""

    classes_: Any
    coef_: Any
    intercept_: Any

    def fit(self, data: Any, y: Any) -> Reversed:
        """As scikit-learn does, and then turned round."""
        super().fit(data, y)
        self.classes_ = self.classes_[::-1]
        self.coef_, self.intercept_ = -self.coef_, -self.intercept_
        return self


LABELS: dict[str, NDArray[Any]] = {
    "integers": np.array([0, 1]),
    "small integers": np.array([0, 1], dtype=np.int8),
    "floats": np.array([0.0, 1.0]),
    "booleans": np.array([False, True]),
}


@pytest.mark.parametrize("classifier", [LogisticRegression, Reversed])
@pytest.mark.parametrize("labels", LABELS)
def test_proba_is_that_of_1(labels: str, classifier: type[Any], tmp_path: Path) -> None:
    """A row that is 1 in training has more than a half, by the worker and by the client alike."""
    data = pd.DataFrame({"x": np.linspace(-3, 3, 60)})
    y = LABELS[labels][(data["x"] > 0).astype(int)]
    pipeline = make_pipeline(StandardScaler(), classifier()).fit(data, y)
    joblib.dump(pipeline, tmp_path / "pipeline.pickle")
    joblib.dump(data.dtypes, tmp_path / "dtypes.pickle")
    (tmp_path / "columns.json").write_text('["x"]')
    model = load(tmp_path)
    (found,) = score([json.dumps({"id": 1, "observation": {"x": 2.5}})], model)
    assert found.proba is not None
    assert found.proba > 0.5
    answering = Answering(pipeline)
    assert answering.answer(pd.DataFrame({"x": [2.5]})) == {"proba": found.proba}
    positive = describe(model, None, None)["details"]["positive_class"]
    assert positive == answering.positive_class == y[-1]
