"""Model folders whose pipelines have steps of their own, in a package beside the three files."""

from __future__ import annotations

import importlib
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

COLUMNS = ("x", "y")
# Before the source of each package.
_STEP = """
from sklearn.base import BaseEstimator, TransformerMixin


class Step(TransformerMixin, BaseEstimator):
    def fit(self, observations, true_classes=None):
        self.n_features_in_ = observations.shape[1]
        return self


"""


def write_model(
    folder: Path, name: str, source: str, make: Callable[[Any], Any], compress: int = 0
) -> Any:
    """Write a model of two columns of numbers, fitted; return the pipeline.

    `source` is that of the package `name`, whose classes derive from its `Step`; `make` gets the
    package, and gives the pipeline to fit. The name must be new to this process.
    """
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(_STEP + source)
    sys.path.insert(0, str(folder))
    try:
        pipeline = make(importlib.import_module(name))
        numbers = np.random.default_rng(8).normal(size=(300, 2))
        data = pd.DataFrame(numbers, columns=list(COLUMNS))
        pipeline.fit(data, numbers.sum(axis=1) > 0)
        joblib.dump(pipeline, folder / "pipeline.pickle", compress=compress)
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)  # as in a process that has not made the model
    (folder / "dtypes.pickle").write_bytes(pickle.dumps(data.dtypes))
    (folder / "columns.json").write_text(json.dumps(list(COLUMNS)))
    return pipeline
