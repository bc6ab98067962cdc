"""What a fitted pipeline answers: one answer for each row of a frame.

The contract's table: classes 0 and 1 are answered with one probability, other classifiers with
their prediction and the probability of each class, classifiers without `predict_proba` with their
prediction and its score, regressors with a number or several.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.errors import ArtifactError, UnansweredError
from shared.model_kind import ModelKind, class_key
from worker.model.alignment import numbers_by_class, values_by_row
from worker.model.answers import Answer, of_numbers, plain_number, unusable, usable
from worker.model.artifacts import PIPELINE
from worker.model.labels import plain_label


@dataclass(frozen=True, slots=True)
class Answering:
    """How a pipeline is asked, and how its answers look.

    `classes` are the labels in the order of `classes_`, as JSON has them, none for a regressor;
    `positive` is the place of the positive class of two; `has_scores` says that answers without
    probabilities have a score; `outputs` is how many numbers a regressor gives for a row, where
    that has been seen.
    """

    kind: ModelKind
    classes: tuple[Any, ...] = ()
    positive: int | None = None
    has_scores: bool = False
    outputs: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether its classes are 0 and 1, or false and true, in whichever order, so that one
        number says all: the probability of 1 or true."""
        # In Python true is equal to 1.
        return self.kind is ModelKind.CLASSIFIER and list(self.classes) in ([0, 1], [1, 0])

    @property
    def positive_class(self) -> Any:
        """The class whose probability is `proba`, of two; else None."""
        return None if self.positive is None else self.classes[self.positive]

    def with_positive_class(self, label: Any) -> Answering:
        """The same with this positive class of two, as a manifest names it. Of 0 and 1 it is always
        1, whatever a manifest says.

        Raises:
            ArtifactError: it is none of the two.
        """
        if label is None or self.is_plain:
            return self
        places = [
            place
            for place, known in enumerate(self.classes)
            if class_key(known) == class_key(label)
        ]
        if len(self.classes) != 2 or not places:
            raise ArtifactError(
                f"the positive class of the manifest is {label!r}, which is none of two classes; "
                f"the classes of {PIPELINE} are {list(self.classes)}: pack it again"
            )
        return replace(self, positive=places[0])

    def answers(self, pipeline: Any, frame: pd.DataFrame) -> list[Answer | UnansweredError]:
        """One for each row of the frame, in order; an error for a row without a usable answer.

        Raises:
            UnansweredError, ArtifactError: as `numbers_by_class`; and whatever the pipeline raises.
        """
        if self.is_plain:
            return _probabilities(pipeline, frame, self.positive or 0)
        if self.kind is ModelKind.CLASSIFIER:
            return self._with_probabilities(pipeline, frame)
        predictions = values_by_row(pipeline.predict(frame), len(frame), "predict")
        if self.kind is ModelKind.REGRESSOR:
            return [of_numbers(given) for given in _numbers(predictions)]
        labels = _labels(predictions)
        if not self.has_scores:
            return [usable({"prediction": label}) for label in labels]
        return [
            usable({"prediction": label, "score": score})
            for label, score in zip(labels, self._scores(pipeline, frame), strict=True)
        ]

    def _with_probabilities(
        self, pipeline: Any, frame: pd.DataFrame
    ) -> list[Answer | UnansweredError]:
        rows = len(frame)
        given = pipeline.predict_proba(frame)
        probabilities = numbers_by_class(given, rows, len(self.classes), "predict_proba").tolist()
        labels = _labels(values_by_row(pipeline.predict(frame), rows, "predict"))
        keys = [class_key(label) for label in self.classes]
        places = {label: place for place, label in enumerate(self.classes)}
        found: list[Answer | UnansweredError] = []
        for label, by_class in zip(labels, probabilities, strict=True):
            place = places.get(label) if self.positive is None else self.positive
            found.append(
                usable(
                    {
                        # A `predict` of one's own may say what is no class: "unsure", say.
                        "proba": None if place is None else by_class[place],
                        "prediction": label,
                        "probas": dict(zip(keys, by_class, strict=True)),
                    }
                )
            )
        return found

    def _scores(self, pipeline: Any, frame: pd.DataFrame) -> Iterable[Any]:
        given = pipeline.decision_function(frame)
        if len(self.classes) == 2:
            return [plain_number(s) for s in values_by_row(given, len(frame), "decision_function")]
        numbers = numbers_by_class(given, len(frame), len(self.classes), "decision_function")
        keys = [class_key(label) for label in self.classes]
        return [dict(zip(keys, scores, strict=True)) for scores in numbers.tolist()]


def _probabilities(
    pipeline: Any, frame: pd.DataFrame, place: int
) -> list[Answer | UnansweredError]:
    given = numbers_by_class(pipeline.predict_proba(frame), len(frame), 2, "predict_proba")
    of_class: NDArray[np.float64] = given[:, place]
    found: list[Answer | UnansweredError] = [*of_class.tolist()]
    for position in np.flatnonzero(~np.isfinite(of_class)).tolist():
        found[position] = unusable(found[position])
    return found


def _labels(predictions: NDArray[Any]) -> list[Any]:
    if predictions.ndim != 1:
        raise ArtifactError(
            f"{PIPELINE}: predict gave an answer of shape {predictions.shape}; a classifier must "
            "give one class for each observation"
        )
    return [None if _is_missing(label) else plain_label(label, PIPELINE) for label in predictions]


def _is_missing(label: Any) -> bool:
    return label is None or (isinstance(label, float) and math.isnan(label))


def _numbers(predictions: NDArray[Any]) -> Sequence[Any]:
    if predictions.dtype.kind in "mMUSV" or (
        predictions.dtype.kind == "O" and any(isinstance(p, str) for p in predictions.flat)
    ):
        raise ArtifactError(
            f"{PIPELINE}: predict gave {predictions.flat[0]!r}, which is no number; a classifier "
            "must have classes_"
        )
    found: list[Any] = predictions.tolist()
    return found
