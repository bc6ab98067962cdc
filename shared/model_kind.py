"""The kinds of models, and how what they answer is written in JSON; workers and the gateway say the
same."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

# The most numbers that a regressor's true values may have.
MOST_NUMBERS = 1000


class ModelKind(StrEnum):
    """What a model answers with."""

    CLASSIFIER = "classifier"
    WITHOUT_PROBABILITIES = "classifier without probabilities"
    REGRESSOR = "regressor"


def class_key(label: Any) -> str:
    """A class as the key of an object: as JSON would write it as text."""
    return label if isinstance(label, str) else json.dumps(label)
