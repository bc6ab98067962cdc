"""Small models whose answers are more than one probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from tests.models.small_frames import Fitted, imputed, numbers, positive


def labelled(model: Any, labels: Any) -> Fitted:
    """A model of numbers that gives these labels."""
    return imputed(model).fit(numbers(), labels), numbers()


def text_classes(_: Any) -> Fitted:
    return labelled(LogisticRegression(), np.where(positive(), "yes", "no"))


def reversed_classes(steps: Any) -> Fitted:
    return labelled(steps.Reversed(), positive().astype(int))


def reversed_texts(steps: Any) -> Fitted:
    return labelled(steps.Reversed(), np.where(positive(), "yes", "no"))


def three_classes(_: Any) -> Fitted:
    return labelled(LogisticRegression(), np.digitize(numbers()["x"], [-0.5, 0.5]) * 5)


def three_text_classes(_: Any) -> Fitted:
    places = np.digitize(numbers()["x"], [-0.5, 0.5])
    return labelled(LogisticRegression(), np.array(["low", "middle", "high"])[places])


def regressor(_: Any) -> Fitted:
    return labelled(Ridge(), numbers()["x"] * 3 + 1)


def several_outputs(_: Any) -> Fitted:
    return labelled(Ridge(), np.column_stack([numbers()["x"] * 3, -numbers()["x"]]))


def two_without_probabilities(_: Any) -> Fitted:
    return labelled(LinearSVC(random_state=0), np.where(positive(), "yes", "no"))


def three_without_probabilities(_: Any) -> Fitted:
    return labelled(LinearSVC(random_state=0), np.digitize(numbers()["x"], [-0.5, 0.5]))


KINDS_OF_ANSWERS: dict[str, Callable[[Any], Fitted]] = {
    "text_classes": text_classes,
    "reversed_classes": reversed_classes,
    "reversed_texts": reversed_texts,
    "three_classes": three_classes,
    "three_text_classes": three_text_classes,
    "regressor": regressor,
    "several_outputs": several_outputs,
    "two_without_probabilities": two_without_probabilities,
    "three_without_probabilities": three_without_probabilities,
}
