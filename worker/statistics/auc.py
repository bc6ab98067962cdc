"""The area under the ROC curve, its standard error, and whether those of two models differ. Pure.

The area is the probability that a row of the positive class has a higher score than one of the
negative class, ties counting one half. Its variance, and that of the difference of two areas on the
same rows, are those of DeLong, DeLong and Clarke-Pearson, "Comparing the Areas Under Two or More
Correlated Receiver Operating Characteristic Curves: A Nonparametric Approach", Biometrics 44 (1988)
837-845. They are computed from midranks in O(n log n), as Sun and Xu show in "Fast Implementation
of DeLong's Algorithm for Comparing the Areas Under Correlated Receiver Operating Characteristic
Curves", IEEE Signal Processing Letters 21 (2014) 1389-1393, doi:10.1109/LSP.2014.2337313.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.statistics.normal import Interval, interval, two_sided

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Auc:
    """An area under a ROC curve and its standard error."""

    area: float
    error: float

    @property
    def interval(self) -> Interval | None:
        """95 %, within 0 and 1; None where the error is zero, as for scores that separate the
        classes: that such scores always would cannot be known."""
        if self.error == 0:
            return None
        low, high = interval(self.area, self.error)
        return max(0.0, low), min(1.0, high)


@dataclass(frozen=True, slots=True)
class AucComparison:
    """The areas of two scores of the same rows. `difference` is the second less the first, and
    `p_value` the probability of one as large, in either direction, when there is none."""

    first: Auc
    second: Auc
    difference: float
    error: float
    p_value: float

    @property
    def interval(self) -> Interval:
        """95 %, of the difference."""
        return interval(self.difference, self.error)


def auc(scores: Floats, positive: Truths) -> Auc:
    """The area of these scores, shape (rows,); `positive` says which rows are of that class.

    Raises:
        ValueError: a class has fewer than two rows.
    """
    return _auc(_placements(scores, positive))


def compare(first: Floats, second: Floats, positive: Truths) -> AucComparison:
    """The areas of two scores of the same rows, each of shape (rows,), compared with each other.

    Raises:
        ValueError: a class has fewer than two rows.
    """
    before, after = _placements(first, positive), _placements(second, positive)
    areas = _auc(before), _auc(after)
    difference = areas[1].area - areas[0].area
    error = _error(after[0] - before[0], after[1] - before[1])
    return AucComparison(*areas, difference, error, two_sided(difference, error))


def midranks(values: Floats) -> Floats:
    """The rank of each value, from 1; equal ones share the mean of theirs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    counts = np.diff(np.append(starts, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (counts + 1) / 2, counts)
    return ranks


def _auc(placements: tuple[Floats, Floats]) -> Auc:
    return Auc(float(placements[0].mean()), _error(*placements))


def _placements(scores: Floats, positive: Truths) -> tuple[Floats, Floats]:
    """For each positive row the share of negative ones below it, and for each negative row the
    share of positive ones above it: the two components of DeLong's."""
    above, below = scores[positive], scores[~positive]
    if len(above) < 2 or len(below) < 2:
        raise ValueError("each class needs two rows")
    ranks = midranks(np.concatenate([above, below]))
    return (
        (ranks[: len(above)] - midranks(above)) / len(below),
        1 - (ranks[len(above) :] - midranks(below)) / len(above),
    )


def _error(of_positive: Floats, of_negative: Floats) -> float:
    variance = of_positive.var(ddof=1) / len(of_positive)
    return math.sqrt(variance + of_negative.var(ddof=1) / len(of_negative))
