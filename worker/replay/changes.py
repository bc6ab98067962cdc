"""Which answers the candidate changes, and by how much. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.replay.replayed import Replayed
from worker.scoring.warm_up import TOLERANCE

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
HISTOGRAM_BINS = 41
MOST_LISTED = 10


def changes(replayed: Replayed, threshold: float) -> dict[str, Any]:
    """Answers and decisions that change, among the rows that the candidate answers. A probability
    of `threshold` or more decides for the positive class. `largest` has places of rows, those of
    the largest differences first."""
    answered = np.flatnonzero(replayed.answered)
    stored, candidate = replayed.stored[answered], replayed.candidate[answered]
    difference = candidate - stored
    # An answer that a matrix product has rounded otherwise is no other answer.
    changed = np.abs(difference) > TOLERANCE
    before, after = stored >= threshold, candidate >= threshold
    order = np.argsort(-np.abs(difference), kind="stable")[:MOST_LISTED]
    return {
        "answered": len(answered),
        "answers": int(changed.sum()),
        "answers_share": _share(changed),
        "decisions": int((before != after).sum()),
        "decisions_share": _share(before != after),
        "to_positive": int((after & ~before).sum()),
        "to_negative": int((before & ~after).sum()),
        "difference": _distribution(difference) if len(answered) else None,
        "histogram": _histogram(difference) if len(answered) else None,
        "largest": [int(answered[place]) for place in order if changed[place]],
    }


def _share(chosen: NDArray[np.bool_]) -> float | None:
    return float(chosen.mean()) if len(chosen) else None


def _distribution(difference: NDArray[np.float64]) -> dict[str, Any]:
    quantiles = np.quantile(difference, QUANTILES)
    absolute = np.abs(difference)
    return {
        "mean": float(difference.mean()),
        "mean_absolute": float(absolute.mean()),
        "largest_absolute": float(absolute.max()),
        "quantiles": [[share, float(q)] for share, q in zip(QUANTILES, quantiles, strict=True)],
    }


def _histogram(difference: NDArray[np.float64]) -> dict[str, Any]:
    # About zero, so that the middle bin has what hardly changes.
    bound = float(np.abs(difference).max()) or 1.0
    counts, edges = np.histogram(difference, HISTOGRAM_BINS, (-bound, bound))
    return {"edges": edges.tolist(), "counts": counts.tolist()}
