"""The model as every contender but Queuecast itself holds it: three files, one frame, one call.

All of them share this frame, so that the table compares ways of serving and not ways of framing.
It runs under each peer's own virtual environment, so it imports nothing of Queuecast.
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

ARTIFACTS = Path(__file__).resolve().parent.parent.parent / "artifacts"


class Pipeline:
    """The fitted pipeline, with the columns and dtypes of the frame that it was fitted on."""

    def __init__(self, folder: Path = ARTIFACTS) -> None:
        self._columns: list[str] = json.loads((folder / "columns.json").read_text())
        with (folder / "dtypes.pickle").open("rb") as file:
            self._dtypes: dict[str, Any] = dict(pickle.load(file))
        self._pipeline = joblib.load(folder / "pipeline.pickle")

    def probabilities(self, observations: Sequence[dict[str, Any]]) -> list[float]:
        """The probability of class 1 for each observation, in order."""
        frame = pd.DataFrame({name: self._column(name, observations) for name in self._columns})
        probabilities: list[float] = self._pipeline.predict_proba(frame)[:, 1].tolist()
        return probabilities

    def _column(self, name: str, observations: Sequence[dict[str, Any]]) -> Any:
        dtype = self._dtypes[name]
        if isinstance(dtype, np.dtype) and dtype.kind in "fiu":
            return np.array([o[name] for o in observations], dtype=dtype)
        # A missing text is NaN, as it was in training; None would be a category never seen.
        return pd.Series(
            [math.nan if o[name] is None else o[name] for o in observations], dtype=object
        ).astype(dtype)
