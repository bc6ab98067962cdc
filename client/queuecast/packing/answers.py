"""What a fitted pipeline answers, as a service that serves it does."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError
from queuecast.packing.plain import key, plain

if TYPE_CHECKING:
    import pandas as pd

CLASSIFIER = "classifier"
WITHOUT_PROBABILITIES = "classifier without probabilities"
REGRESSOR = "regressor"


class Answering:
    """A fitted pipeline's kind, its classes in the order of `classes_`, and the positive one of
    two."""

    def __init__(
        self, pipeline: Any, positive_class: Any = None, takes_series: bool = False
    ) -> None:
        """See what it is. `takes_series` says that it was fitted on a Series.

        Raises:
            PackError: it is not fitted, has several outputs that are classes, or `positive_class`
                is none of its two.
        """
        self._pipeline = pipeline
        self.takes_series = takes_series
        if not callable(getattr(pipeline, "predict", None)):
            raise PackError(
                f"a {type(pipeline).__name__} has no predict: pack the fitted pipeline itself"
            )
        _refuse_unfitted(pipeline)
        classes = getattr(pipeline, "classes_", None)
        if isinstance(classes, list):
            raise PackError("a classifier of several outputs cannot be served: pack one for each")
        self._labels: list[Any] = [] if classes is None else list(classes)
        self.classes = [plain(label) for label in self._labels]
        self.kind = REGRESSOR
        if self.classes:
            with_probabilities = callable(getattr(pipeline, "predict_proba", None))
            self.kind = CLASSIFIER if with_probabilities else WITHOUT_PROBABILITIES
        self.positive_class = self._positive(positive_class)

    def answer(self, frame: pd.DataFrame) -> dict[str, Any]:
        """What it says of the only row of a frame.

        Raises:
            Exception: whatever the pipeline raises.
        """
        data = self.given(frame)
        if self.kind == CLASSIFIER:
            (probabilities,) = self._pipeline.predict_proba(data)
            return self._of_probabilities([float(p) for p in probabilities], data)
        (prediction,) = self._pipeline.predict(data)
        given = _as_list(prediction)
        if self.kind == REGRESSOR:
            return {"prediction": given if len(given) > 1 else given[0]}
        answer = {"prediction": given[0]}
        if self._has_scores:
            (scores,) = self._pipeline.decision_function(data)
            by_place = _as_list(scores)
            if len(by_place) == 1:
                answer["score"] = by_place[0]
            else:
                answer["score"] = {key(label): s for label, s in zip(self._labels, by_place)}
        return answer

    def given(self, frame: pd.DataFrame) -> Any:
        """A frame as the pipeline takes it: its only column, where it was fitted on a Series."""
        return frame.iloc[:, 0] if self.takes_series else frame

    @property
    def _has_scores(self) -> bool:
        """Whether its `decision_function` gives a score to each class, and not to each pair of
        classes (`SVC(decision_function_shape="ovo")`)."""
        if not callable(getattr(self._pipeline, "decision_function", None)):
            return False
        steps = getattr(self._pipeline, "steps", None)
        model = steps[-1][1] if isinstance(steps, list) and steps else self._pipeline
        in_pairs = getattr(model, "decision_function_shape", None) == "ovo"
        return len(self._labels) == 2 or not in_pairs

    @property
    def is_plain_binary(self) -> bool:
        """Whether its classes are 0 and 1, or false and true, in whichever order, so that one
        number says all: the probability of 1 or true."""
        return self.classes in ([0, 1], [1, 0])  # in Python true is equal to 1

    def _of_probabilities(self, probabilities: list[float], data: Any) -> dict[str, Any]:
        by_class = {key(label): p for label, p in zip(self._labels, probabilities)}
        if self.is_plain_binary:
            return {"proba": by_class[key(self.positive_class)]}
        (prediction,) = self._pipeline.predict(data)
        (said,) = _as_list(prediction)
        of = said if self.positive_class is None else self.positive_class
        # A `predict` of one's own may say what is no class: "unsure", say.
        proba = by_class[key(self.classes[self.classes.index(of)])] if of in self.classes else None
        return {"proba": proba, "prediction": said, "probas": by_class}

    def _positive(self, asked: Any) -> Any:
        if asked is None:
            if self.is_plain_binary:
                return max(self.classes)
            return self.classes[1] if len(self.classes) == 2 else None
        positive = plain(asked)
        # In Python 1 is equal to True, which as a label is another.
        same = [c for c in self.classes if c == positive and type(c) is type(positive)]
        if len(self.classes) != 2 or not same:
            raise PackError(
                f"positive_class is {positive!r}, which is none of two classes; "
                f"the classes are {self.classes}"
            )
        if self.is_plain_binary and not positive:
            # Whoever asks such a service reads `proba` as that of 1, whatever a manifest says.
            said = max(self.classes)
            warnings.warn(
                f"positive_class={positive!r} changes nothing: a service answers with the "
                f"probability of {said!r} when the classes are {self.classes}; pack labels that "
                "are texts to be answered with another",
                stacklevel=4,
            )
            return said
        return positive


def _as_list(given: Any) -> list[Any]:
    """What the pipeline gave for a row as a list, a single number or label too."""
    return [plain(one) for one in given] if getattr(given, "ndim", 0) > 0 else [plain(given)]


def _refuse_unfitted(pipeline: Any) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(pipeline)
    except NotFittedError as error:
        raise PackError("the pipeline is not fitted: call fit before pack") from error
    except TypeError:
        pass  # no estimator of scikit-learn's, which has no way to say so
