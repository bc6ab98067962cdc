"""Fit the Titanic pipeline and write the three files: `python artifacts/train.py`.

One-hot encoding of the text columns, mean imputation, logistic regression: the pipeline of the
tutorial that Queuecast grew from, fitted on `data/titanic_train.csv`.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import category_encoders
import joblib
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

HERE = Path(__file__).resolve().parent
FEATURES = ["Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Cabin", "Embarked"]
TRUE_CLASS = "Survived"


def training_frame() -> tuple[pd.DataFrame, pd.Series]:
    """The observations, shape (891, 8), and their true classes, shape (891,), 0 or 1."""
    passengers = pd.read_csv(HERE / "data" / "titanic_train.csv")
    return passengers[FEATURES], passengers[TRUE_CLASS]


def classifier() -> LogisticRegression:
    """The logistic regression, not fitted yet.

    A solver that stops early stops elsewhere on another processor, and gives other probabilities.
    Newton's method converges within a few steps, so that whoever fits it again gets the same.
    """
    return LogisticRegression(solver="newton-cholesky", tol=1e-10)


def fit(observations: pd.DataFrame, true_classes: pd.Series) -> Pipeline:
    """Fit the pipeline."""
    pipeline = make_pipeline(
        category_encoders.OneHotEncoder(),
        SimpleImputer(strategy="mean"),
        classifier(),
    )
    return pipeline.fit(observations, true_classes)


def write(pipeline: Pipeline, observations: pd.DataFrame, folder: Path) -> None:
    """Write the three files that `MODEL_DIR` holds."""
    joblib.dump(pipeline, folder / "pipeline.pickle")
    with (folder / "dtypes.pickle").open("wb") as file:
        pickle.dump(observations.dtypes, file)
    (folder / "columns.json").write_text(json.dumps(list(observations.columns)) + "\n")


def main() -> None:
    """Fit on the training file and write beside this script."""
    observations, true_classes = training_frame()
    write(fit(observations, true_classes), observations, HERE)


if __name__ == "__main__":
    main()
