"""Numbers that small models are fitted on, and what is to be said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

ROWS = 40
# A fitted pipeline, and the frame or the Series that it was fitted on.
Fitted = tuple[Any, Any]


def numbers() -> pd.DataFrame:
    """Two columns of numbers of six decimal places, one with missing values; shape (ROWS, 2)."""
    random = np.random.default_rng(21)
    data = pd.DataFrame(random.normal(size=(ROWS, 2)).round(6), columns=["x", "y"])
    data.loc[::7, "y"] = np.nan
    return data


def positive() -> Any:
    """Whether x is large, for most rows."""
    noise = np.random.default_rng(22).normal(size=ROWS) / 3
    return numbers()["x"].to_numpy() + noise > 0


def imputed(model: Any) -> Any:
    """A pipeline of numbers that may be missing."""
    return make_pipeline(SimpleImputer(), model)
