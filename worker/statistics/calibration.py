"""How far probabilities can be taken at their word. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.statistics.normal import Interval, interval

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose probability is within `low` and `high`: how many, what they were given in the
    mean, and which share of them is of the positive class."""

    low: float
    high: float
    rows: int
    mean: float
    share: float


@dataclass(frozen=True, slots=True)
class Change:
    """The mean of a difference and its 95 % interval, which one row alone does not have."""

    mean: float
    interval: Interval | None


def brier(probabilities: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The mean squared distance of a probability from what happened; 0 is best."""
    return float(np.mean(_squared(probabilities, positive)))


def brier_change(
    first: NDArray[np.float64], second: NDArray[np.float64], positive: NDArray[np.bool_]
) -> Change:
    """By how much the second's Brier score is higher, on the same rows."""
    differences = _squared(second, positive) - _squared(first, positive)
    mean = float(differences.mean())
    if len(differences) < 2:
        return Change(mean, None)
    return Change(
        mean, interval(mean, float(differences.std(ddof=1)) / math.sqrt(len(differences)))
    )


def bins(probabilities: NDArray[np.float64], positive: NDArray[np.bool_]) -> list[Bin]:
    """Rows by their probability, in `BINS` bins of equal width; those without rows left out."""
    edges = np.linspace(0, 1, BINS + 1)
    # The last bin has its upper edge, 1, as well.
    places = np.clip((probabilities * BINS).astype(int), 0, BINS - 1)
    found = []
    for place in range(BINS):
        inside = places == place
        rows = int(inside.sum())
        if rows:
            mean, share = float(probabilities[inside].mean()), float(positive[inside].mean())
            found.append(Bin(float(edges[place]), float(edges[place + 1]), rows, mean, share))
    return found


def calibration_error(binned: list[Bin]) -> float:
    """The expected calibration error: by how much the bins' means miss their shares, each bin as
    heavy as its rows (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    rows = sum(each.rows for each in binned)
    return sum(each.rows * abs(each.mean - each.share) for each in binned) / rows


def _squared(
    probabilities: NDArray[np.float64], positive: NDArray[np.bool_]
) -> NDArray[np.float64]:
    return np.square(probabilities - positive)
