"""What a service must answer for each row of a frame: the table of the README, from what the
pipeline says of the whole frame at once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def answers(pipeline: Any, data: Any) -> list[dict[str, Any]]:
    """The answer to each row, in order."""
    predictions = np.asarray(pipeline.predict(data)).tolist()
    if getattr(pipeline, "classes_", None) is None:  # a regressor
        return [{"prediction": prediction} for prediction in predictions]
    classes = pipeline.classes_.tolist()
    if not hasattr(pipeline, "predict_proba"):
        return [
            {"prediction": prediction, "score": by_class(classes, score)}
            for prediction, score in zip(
                predictions, pipeline.decision_function(data).tolist(), strict=True
            )
        ]
    probabilities = pipeline.predict_proba(data).tolist()
    if sorted(classes, key=str) in ([0, 1], [False, True]):
        return [{"proba": row[classes.index(1)]} for row in probabilities]
    return [
        {
            # Of two classes the second of `classes_` is the positive one.
            "proba": row[1] if len(classes) == 2 else row[classes.index(prediction)],
            "prediction": prediction,
            "probas": by_class(classes, row),
        }
        for prediction, row in zip(predictions, probabilities, strict=True)
    ]


def by_class(classes: list[Any], numbers: Any) -> Any:
    """Numbers by class, in the order of the classes; the only one of two classes as it is."""
    if not isinstance(numbers, list):
        return numbers
    return {key(label): number for label, number in zip(classes, numbers, strict=True)}


def key(label: Any) -> str:
    """A label as the key of an object: as JSON would write it as text."""
    return label if isinstance(label, str) else json.dumps(label)
