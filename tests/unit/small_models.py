"""Small fitted pipelines whose steps do to a group what the pipelines of strangers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.answerings import classifier as classifying
from worker.model.loading import Model
from worker.scoring.framing import Observation, frame

Step = Callable[[pd.DataFrame], pd.DataFrame]
COLUMNS = ("x", "y")


class FramedRegression(LogisticRegression):  # type: ignore[misc]
    """Answers with a DataFrame that keeps the index of what it was given."""

    def predict_proba(self, data: pd.DataFrame) -> pd.DataFrame:
        """Shape (rows, 2)."""
        return pd.DataFrame(super().predict_proba(data), index=data.index)


class FlatRegression(LogisticRegression):  # type: ignore[misc]
    """Answers with the second class alone."""

    def predict_proba(self, data: pd.DataFrame) -> Any:
        """Shape (rows, 1)."""
        return super().predict_proba(data)[:, 1:]


class SqueezedRegression(LogisticRegression):  # type: ignore[misc]
    """Answers for one row without an axis for rows."""

    def predict_proba(self, data: pd.DataFrame) -> Any:
        """Shape (rows, 2), or (2,)."""
        return np.squeeze(super().predict_proba(data))


def small_model(step: Step, classifier: LogisticRegression | None = None) -> Model:
    """A model of two columns of floats with this step before the classifier."""
    numbers = np.random.default_rng(3).normal(size=(200, 2))
    fitted = LogisticRegression() if classifier is None else classifier
    fitted.fit(pd.DataFrame(numbers, columns=list(COLUMNS)), numbers.sum(axis=1) > 0.3)
    pipeline = make_pipeline(FunctionTransformer(step), fitted)
    dtypes: dict[str, Any] = {name: np.dtype("float64") for name in COLUMNS}
    return Model(pipeline, COLUMNS, dtypes, classifying(False, True), "small")


def own_answer(model: Model, observation: Observation) -> float | None:
    """What the pipeline says of a frame of this row only; None when it says nothing."""
    try:
        found = np.asarray(model.pipeline.predict_proba(frame([observation], model)))
    except ValueError:
        return None
    return float(found.reshape(-1, 2)[0, 1]) if found.size else None


def rows(count: int) -> list[Observation]:
    """Different rows, but each seventh is there twice; each fifth, and the last, has a null."""
    numbers = np.random.default_rng(4).normal(size=(count, 2)).tolist()
    for number in range(7, count, 7):
        numbers[number] = numbers[number - 3]
    found: list[Observation] = [{"x": x, "y": y} for x, y in numbers]
    for number in {*range(2, count, 5), count - 1}:
        found[number] = {**found[number], "y": None}
    return found


def as_it_is(data: pd.DataFrame) -> pd.DataFrame:
    """Does nothing; the classifier refuses a frame with a null."""
    return data


def drop_nulls(data: pd.DataFrame) -> pd.DataFrame:
    """Drops rows; the index keeps its gaps."""
    return data.dropna()


def drop_nulls_and_index(data: pd.DataFrame) -> pd.DataFrame:
    """Drops rows and numbers those that are left anew."""
    return data.dropna().reset_index(drop=True)


def drop_repeated(data: pd.DataFrame) -> pd.DataFrame:
    """Drops rows that are there twice, and those with nulls."""
    return data.drop_duplicates().dropna()


def keep_last_repeated(data: pd.DataFrame) -> pd.DataFrame:
    """As `drop_repeated`, but the last of those that are the same stays."""
    return data.drop_duplicates(keep="last").dropna()


def refuse_repeated(data: pd.DataFrame) -> pd.DataFrame:
    """Raises when a row is there twice."""
    if data.duplicated().any():
        raise ValueError("repeated")
    return data.dropna()


def turn_round(data: pd.DataFrame) -> pd.DataFrame:
    """The last row first, with its index."""
    return data.dropna().iloc[::-1]


def fill_up(data: pd.DataFrame) -> pd.DataFrame:
    """As many rows as there were, but not the same: the first that is left fills up."""
    left = data.dropna()
    return pd.concat([left, *[left.head(1)] * (len(data) - len(left))])


def divide_by_largest(data: pd.DataFrame) -> pd.DataFrame:
    """Normalises by the group."""
    return data.dropna() / data.abs().max()


def take_neighbours(data: pd.DataFrame) -> pd.DataFrame:
    """Fills a null with the value of the row before it."""
    return data.ffill()


def add_up(data: pd.DataFrame) -> pd.DataFrame:
    """A sum over the group, to which copies of a row count, too."""
    return data.dropna() + data.abs().sum()
