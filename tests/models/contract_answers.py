"""What a service must answer for each row of a frame: the table of the README, from what the
pipeline says of the whole frame at once."""

from __future__ import annotations

import json
from typing import Any


def answers(pipeline: Any, data: Any) -> list[dict[str, Any]]:
    """The answer to each row, in order."""
    (probabilities,) = [pipeline.predict_proba(data)]
    classes = pipeline.classes_.tolist()
    assert sorted(classes) in ([0, 1], [False, True]), classes
    return [{"proba": row[classes.index(1)]} for row in probabilities.tolist()]


def key(label: Any) -> str:
    """A label as the key of an object: as JSON would write it as text."""
    return label if isinstance(label, str) else json.dumps(label)
