"""The points of a ROC curve. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# As many as a plot can show.
MOST_POINTS = 200


def roc_curve(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """The share of negative rows, and of positive ones, at or above each score, from (0, 0) to
    (1, 1); of more than `MOST_POINTS` some. Each class has a row."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    # Rows of the same score are passed together.
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    above = np.cumsum(positive[order])[ends]
    below = ends + 1 - above
    if len(ends) > MOST_POINTS:
        chosen = np.unique(np.linspace(0, len(ends) - 1, MOST_POINTS).round().astype(int))
        above, below = above[chosen], below[chosen]
    points = zip(below / below[-1], above / above[-1], strict=True)
    return [(0.0, 0.0), *((float(x), float(y)) for x, y in points)]
