"""How good the stored answers and the candidate's are, on rows whose true class is known. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.replay.replayed import Replayed
from worker.statistics.auc import Auc, compare
from worker.statistics.calibration import bins, brier, brier_change, calibration_error
from worker.statistics.roc_curve import roc_curve

# An area from fewer rows of a class says next to nothing, and its interval is no interval.
FEWEST = 10
SCORE_BINS = 20


def too_few(labels: NDArray[np.int16]) -> str | None:
    """Why nothing can be said of rows with these labels; None where something can."""
    negative, positive = int((labels == 0).sum()), int((labels == 1).sum())
    if min(negative, positive) >= FEWEST:
        return None
    return (
        f"too few labels: {positive} of the positive class and {negative} of the other, and each "
        f"needs {FEWEST}"
    )


def aucs(replayed: Replayed, rows: NDArray[np.bool_]) -> dict[str, Any]:
    """Both areas and their difference on some rows, or why there are none under `too_few`."""
    judged = rows & replayed.answered & (replayed.labels >= 0)
    reason = too_few(replayed.labels[judged])
    if reason is not None:
        return {"rows": int(judged.sum()), "too_few": reason}
    stored, candidate = replayed.stored[judged], replayed.candidate[judged]
    found = compare(stored, candidate, replayed.labels[judged] == 1)
    low, high = found.interval
    return {
        "rows": int(judged.sum()),
        "too_few": None,
        "stored": _area(found.first),
        "candidate": _area(found.second),
        # Minus zero is zero.
        "drop": -found.difference + 0.0,
        "drop_interval": [-high + 0.0, -low + 0.0],
        "p_value": found.p_value,
    }


def quality(replayed: Replayed, threshold: float) -> dict[str, Any]:
    """AUC, Brier score, accuracy and calibration of both, on the labelled rows that the candidate
    answers; and the points of their curves."""
    judged = replayed.answered & (replayed.labels >= 0)
    positive = replayed.labels[judged] == 1
    areas = aucs(replayed, judged)
    found: dict[str, Any] = {
        "rows": int(judged.sum()),
        "positive": int(positive.sum()),
        "other_classes": int((replayed.labels < -1).sum()),
        "too_few": areas["too_few"],
    }
    if found["too_few"] is not None:
        return found
    stored, candidate = replayed.stored[judged], replayed.candidate[judged]
    change = brier_change(stored, candidate, positive)
    return {
        **found,
        "auc": areas,
        "brier": {
            "stored": brier(stored, positive),
            "candidate": brier(candidate, positive),
            "rise": change.mean,
            "rise_interval": change.interval,
        },
        "stored": _of_one(stored, positive, threshold),
        "candidate": _of_one(candidate, positive, threshold),
    }


def _area(found: Auc) -> dict[str, Any]:
    return {"area": found.area, "error": found.error, "interval": found.interval}


def _of_one(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], threshold: float
) -> dict[str, Any]:
    binned = bins(scores, positive)
    edges = np.linspace(0, 1, SCORE_BINS + 1)
    return {
        "accuracy": float(((scores >= threshold) == positive).mean()),
        "calibration_error": calibration_error(binned),
        "calibration": [asdict(each) for each in binned],
        "roc": roc_curve(scores, positive),
        "scores": {
            "edges": edges.tolist(),
            "positive": np.histogram(scores[positive], edges)[0].tolist(),
            "negative": np.histogram(scores[~positive], edges)[0].tolist(),
        },
    }
