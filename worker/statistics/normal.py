"""Intervals and p-values of estimates that are about normal. Pure."""

from __future__ import annotations

import math
from statistics import NormalDist

Interval = tuple[float, float]

_WIDTH = NormalDist().inv_cdf(0.975)


def interval(estimate: float, error: float) -> Interval:
    """The 95 % interval of an estimate with this standard error."""
    return estimate - _WIDTH * error, estimate + _WIDTH * error


def two_sided(estimate: float, error: float) -> float:
    """The probability of an estimate as far from zero, in either direction, when zero is true."""
    if error == 0:
        return 1.0 if estimate == 0 else 0.0
    return math.erfc(abs(estimate) / error / math.sqrt(2))
