"""Which kind of model a fitted pipeline is."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from shared.errors import ArtifactError
from shared.model_kind import ModelKind, class_key
from worker.model.answering import Answering
from worker.model.labels import plain_label

log = logging.getLogger(__name__)


def answering_of(pipeline: Any, path: Any) -> Answering:
    """What kind of model a fitted pipeline is; `path` is the file that it was read from.

    Raises:
        ArtifactError: it is not fitted, or of a kind that has no answer in the contract's table.
    """
    has_probabilities = callable(getattr(pipeline, "predict_proba", None))
    if not has_probabilities and not callable(getattr(pipeline, "predict", None)):
        raise ArtifactError(
            f"{path} holds a {type(pipeline).__name__} without predict: put the whole fitted "
            "pipeline there, with its model as the last step"
        )
    found = getattr(pipeline, "classes_", None)
    if found is None:
        if has_probabilities or _is_unfitted(pipeline):
            raise ArtifactError(f"{path} holds a pipeline that is not fitted")
        return Answering(ModelKind.REGRESSOR)
    if isinstance(found, list) and any(np.ndim(own) for own in found):
        raise ArtifactError(
            f"{path} holds a classifier of {len(found)} outputs: Queuecast serves one"
        )
    if len(found) < 2:
        raise ArtifactError(f"{path} knows only one class, so there is nothing to predict")
    classes = tuple(plain_label(label, path) for label in found)
    if len({class_key(label) for label in classes}) < len(classes):
        raise ArtifactError(f"{path} has two classes that JSON writes alike: {list(classes)}")
    positive = None
    if len(classes) == 2:
        positive = 0 if list(classes) == [1, 0] else 1
    if has_probabilities:
        return Answering(ModelKind.CLASSIFIER, classes, positive)
    has_scores = callable(getattr(pipeline, "decision_function", None))
    scored = has_scores and not _compares_in_pairs(pipeline, len(classes))
    return Answering(ModelKind.WITHOUT_PROBABILITIES, classes, positive, scored)


def _compares_in_pairs(pipeline: Any, classes: int) -> bool:
    """Whether its `decision_function` has a column for each pair of classes, and none for a class
    (scikit-learn's `SVC(decision_function_shape="ovo")`), so that no class has a score."""
    steps = getattr(pipeline, "steps", None)
    model = steps[-1][1] if isinstance(steps, list) and steps else pipeline
    return classes > 2 and getattr(model, "decision_function_shape", None) == "ovo"


def warn_of_pairs(pipeline: Any, answering: Answering) -> None:
    """Say in the log that a score is left out, when it is for that reason."""
    if answering.kind is ModelKind.WITHOUT_PROBABILITIES and _compares_in_pairs(
        pipeline, len(answering.classes)
    ):
        log.warning(
            "the model's decision_function compares classes in pairs "
            "(decision_function_shape='ovo'), so that its answers have no score by class"
        )


def _is_unfitted(pipeline: Any) -> bool:
    if isinstance(pipeline, type):
        return True
    try:
        check_is_fitted(pipeline)
    except NotFittedError:
        return True
    except Exception:  # no estimator of scikit-learn's, which has no way to say so
        return False
    return False
