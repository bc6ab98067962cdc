"""What the shipped pipeline says of an observation, found without any of our own code."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import joblib
import pandas as pd

from shared.settings import CHECKOUT
from tests.faults.traffic import observations

SHIPPED = CHECKOUT / "artifacts"

# The probability of an observation.
Oracle = Callable[[dict[str, Any]], float]


@cache
def shipped() -> Oracle:
    """An oracle that has scored every passenger who is sent, and scores others when asked."""
    pipeline = joblib.load(SHIPPED / "pipeline.pickle")
    dtypes = joblib.load(SHIPPED / "dtypes.pickle")
    columns = json.loads((SHIPPED / "columns.json").read_text())
    known: dict[str, float] = {}

    def score(asked: list[dict[str, Any]]) -> None:
        frame = pd.DataFrame(asked, columns=columns).astype(dtypes)
        found = pipeline.predict_proba(frame)[:, 1]
        known.update(zip(map(_spelt, asked), found.tolist(), strict=True))

    def oracle(observation: dict[str, Any]) -> float:
        if _spelt(observation) not in known:
            score([observation])
        return known[_spelt(observation)]

    score(list(observations()))
    return oracle


def _spelt(observation: dict[str, Any]) -> str:
    return json.dumps(observation, sort_keys=True)
