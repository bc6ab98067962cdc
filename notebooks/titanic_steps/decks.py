"""From a cabin to the deck that it is on."""

from __future__ import annotations

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class Deck(TransformerMixin, BaseEstimator):
    """Puts the deck in place of the cabin: C of C85. A cabin that is missing stays missing."""

    def fit(self, observations: pd.DataFrame, true_classes: object = None) -> Deck:
        """Nothing is learnt but the number of columns."""
        self.n_features_in_ = observations.shape[1]
        return self

    def transform(self, observations: pd.DataFrame) -> pd.DataFrame:
        """The observations, shape (rows, columns), with `Cabin` as one letter."""
        return observations.assign(Cabin=observations["Cabin"].str[0])
