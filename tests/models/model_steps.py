"""Steps of a model's own. A copy lies beside the pickles of the folders that need it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression


class Ratio(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Adds the ratio of two columns, in units of what it was in training."""

    def __init__(self, above: str = "x", below: str = "y") -> None:
        self.above = above
        self.below = below

    def fit(self, data: pd.DataFrame, true_classes: Any = None) -> Ratio:
        """Learn the unit."""
        self.unit_ = float((data[self.above] / data[self.below]).abs().mean())
        return self

    def transform(self, data: pd.DataFrame) -> pd.DataFrame:
        """Shape (rows, columns + 1)."""
        ratio = data[self.above] / data[self.below] / self.unit_
        return data.assign(ratio=ratio.fillna(0.0))


class Clock(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers of times and durations: hours in the zone of the column, days, minutes."""

    def fit(self, data: pd.DataFrame, true_classes: Any = None) -> Clock:
        """Learn the first day."""
        self.first_ = data["opened"].min()
        return self

    def transform(self, data: pd.DataFrame) -> Any:
        """Shape (rows, 4); a missing value is -1."""
        numbers = pd.DataFrame(
            {
                "day": (data["opened"] - self.first_).dt.total_seconds() / 86_400,
                "hour": data["called"].dt.hour,
                "weekday": data["called"].dt.weekday,
                "minutes": data["lasted"].dt.total_seconds() / 60,
            }
        )
        return numbers.astype("float64").fillna(-1.0).to_numpy()


class Reversed(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A logistic regression whose classes stand in the other order."""

    def fit(self, data: Any, true_classes: Any) -> Reversed:
        """Learn, and turn the classes round."""
        self.inner_ = LogisticRegression().fit(data, true_classes)
        self.classes_ = self.inner_.classes_[::-1]
        return self

    def predict(self, data: Any) -> Any:
        """Shape (rows,)."""
        return self.inner_.predict(data)

    def predict_proba(self, data: Any) -> Any:
        """Shape (rows, classes), in the order of `classes_`."""
        return self.inner_.predict_proba(data)[:, ::-1]


def by_number(data: pd.DataFrame) -> Any:
    """Two columns by their numbers, which are labels, and their difference; shape (rows, 3)."""
    return np.column_stack([data[0], data[1], data[0] - data[1]])
