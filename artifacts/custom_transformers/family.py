"""An example of a transformer of one's own."""

from __future__ import annotations

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class FamilySize(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Adds the number of family members aboard: siblings and spouses, parents and children."""

    def fit(self, observations: pd.DataFrame, true_classes: object = None) -> FamilySize:
        """Nothing is learnt but the columns, shape (rows, columns)."""
        self.n_features_in_ = observations.shape[1]
        return self

    def transform(self, observations: pd.DataFrame) -> pd.DataFrame:
        """The observations with a column `Family`, int64, added."""
        family = observations["SibSp"] + observations["Parch"]
        return observations.assign(Family=family)
