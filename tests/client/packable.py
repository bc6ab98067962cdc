"""Small frames and fitted pipelines of every kind that can be packed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

Packable = tuple[Any, pd.DataFrame, Any]
ROWS = 90


def frame() -> pd.DataFrame:
    """Numbers with a missing one, texts with a missing one, categories in an order of their own,
    nullable integers, booleans and days; shape (90, 6)."""
    random = np.random.default_rng(11)
    made = pd.DataFrame(
        {
            "size": random.normal(size=ROWS),
            "colour": random.choice(["red", "green", "blue"], ROWS),
            "grade": pd.Categorical(
                random.choice(["low", "high"], ROWS), ["low", "middle", "high"], ordered=True
            ),
            "count": pd.array(random.integers(0, 40, ROWS), dtype="Int64"),
            "is_new": random.random(ROWS) < 0.5,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 90, ROWS), "D"),
        }
    )
    made.loc[3, "size"] = np.nan
    made.loc[4, "colour"] = None
    made.loc[5, "count"] = pd.NA
    return made


def _pipeline(model: Any) -> Pipeline:
    """Numbers imputed, texts and categories encoded; the day is not looked at."""
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer(
        (SimpleImputer(), ["size"]), (encoder, ["colour", "grade"]), ("passthrough", ["is_new"])
    )
    return make_pipeline(columns, model)


def _classifier(labels: Callable[[Any], Any], model: Any) -> Packable:
    data = frame()
    y = labels(data["size"].fillna(0).to_numpy())
    return _pipeline(model).fit(data, y), data, y


def _several() -> Packable:
    data = frame()
    y = np.column_stack([data["size"].fillna(0), data["is_new"]])
    return _pipeline(LinearRegression()).fit(data, y), data, y


KINDS: dict[str, Callable[[], Packable]] = {
    "0 and 1": lambda: _classifier(lambda size: (size > 0).astype(int), LogisticRegression()),
    "booleans": lambda: _classifier(lambda size: size > 0, LogisticRegression()),
    "texts": lambda: _classifier(
        lambda size: np.where(size > 0, "yes", "no"), LogisticRegression()
    ),
    "three classes": lambda: _classifier(
        lambda size: np.digitize(size, [-0.5, 0.5]), LogisticRegression()
    ),
    "two without probabilities": lambda: _classifier(lambda size: size > 0, LinearSVC()),
    "three without probabilities": lambda: _classifier(
        lambda size: np.digitize(size, [-0.5, 0.5]), LinearSVC()
    ),
    "a number": lambda: _classifier(lambda size: 3 * size + 1, LinearRegression()),
    "several numbers": _several,
}
