"""How small models of the tests answer."""

from __future__ import annotations

from typing import Any

from shared.model_kind import ModelKind
from worker.model.answering import Answering


def classifier(*classes: Any) -> Answering:
    """A classifier of these classes, with `predict_proba`; of two the second is positive."""
    return Answering(ModelKind.CLASSIFIER, classes, 1 if len(classes) == 2 else None)


def regressor(outputs: int | None = 1) -> Answering:
    """A regressor that gives so many numbers for a row."""
    return Answering(ModelKind.REGRESSOR, outputs=outputs)
