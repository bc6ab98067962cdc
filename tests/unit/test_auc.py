"""The AUC, its standard error and DeLong's comparison, against values from elsewhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import auc as trapezes
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as every_point

from worker.statistics.auc import auc, compare, midranks
from worker.statistics.roc_curve import MOST_POINTS, roc_curve

# Albumin, total protein, K-G score and whether surgery is of use, of the patients of DeLong, DeLong
# and Clarke-Pearson (1988), as in "Comparing Receiver Operating Characteristic Curves", an example
# of PROC LOGISTIC in the SAS/STAT 14.1 User's Guide, which has the results below.
PATIENTS = """
3.0 5.8 10 0   3.2 6.3  5 1   3.9 6.8  3 1   2.8 4.8  6 0   3.2 5.8  3 1   0.9 4.0  5 0
2.5 5.7  8 0   1.6 5.6  5 1   3.8 5.7  5 1   3.7 6.7  6 1   3.2 5.4  4 1   3.8 6.6  6 1
4.1 6.6  5 1   3.6 5.7  5 1   4.3 7.0  4 1   3.6 6.7  4 0   2.3 4.4  6 1   4.2 7.6  4 0
4.0 6.6  6 0   3.5 5.8  6 1   3.8 6.8  7 1   3.0 4.7  8 0   4.5 7.4  5 1   3.7 7.4  5 1
3.1 6.6  6 1   4.1 8.2  6 1   4.3 7.0  5 1   4.3 6.5  4 1   3.2 5.1  5 1   2.6 4.7  6 1
3.3 6.8  6 0   1.7 4.0  7 0   3.7 6.1  5 1   3.3 6.3  7 1   4.2 7.7  6 1   3.5 6.2  5 1
2.9 5.7  9 0   2.1 4.8  7 1   2.8 6.2  8 0   4.0 7.0  7 1   3.3 5.7  6 1   3.7 6.9  5 1
3.6 6.6  5 1
"""
_TABLE = np.array(PATIENTS.split(), dtype=float).reshape(-1, 4)
SCORES = {"albumin": _TABLE[:, 0], "protein": _TABLE[:, 1], "K-G": 10 - _TABLE[:, 2]}
POSITIVE = _TABLE[:, 3] == 1


@pytest.mark.parametrize(
    ("name", "area", "error", "low", "high"),
    [
        ("albumin", 0.7366, 0.0927, 0.5549, 0.9182),
        ("K-G", 0.7258, 0.1028, 0.5243, 0.9273),
        ("protein", 0.6478, 0.1000, 0.4518, 0.8439),
    ],
)
def test_published_areas(name: str, area: float, error: float, low: float, high: float) -> None:
    found = auc(SCORES[name], POSITIVE)
    assert found.interval is not None
    shown = [round(x, 4) for x in (found.area, found.error, *found.interval)]
    assert shown == [area, error, low, high]


@pytest.mark.parametrize(
    ("name", "difference", "error", "low", "high", "p_value"),
    [
        ("albumin", 0.0108, 0.0953, -0.1761, 0.1976, 0.9102),
        ("protein", -0.0780, 0.1046, -0.2830, 0.1271, 0.4561),
    ],
)
def test_published_differences(
    name: str, difference: float, error: float, low: float, high: float, p_value: float
) -> None:
    """From the K-G score."""
    found = compare(SCORES["K-G"], SCORES[name], POSITIVE)
    shown = [round(x, 4) for x in (found.difference, found.error, *found.interval, found.p_value)]
    assert shown == [difference, error, low, high, p_value]


def by_definition(
    first: NDArray[np.float64], second: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[Any, Any]:
    """Areas and their covariance as DeLong et al. define them: each pair of rows is looked at."""
    of_positive, of_negative = [], []
    for scores in (first, second):
        above, below = scores[positive][:, None], scores[~positive][None, :]
        wins = (above > below) + 0.5 * (above == below)
        of_positive.append(wins.mean(axis=1))
        of_negative.append(wins.mean(axis=0))
    covariance = np.cov(of_positive) / positive.sum() + np.cov(of_negative) / (~positive).sum()
    return [float(each.mean()) for each in of_positive], covariance


@pytest.mark.parametrize("seed", range(12))
def test_against_every_pair(seed: int) -> None:
    """With many ties, and few; with classes of very different size."""
    random = np.random.default_rng(seed)
    rows = int(random.integers(30, 400))
    positive = random.random(rows) < random.choice([0.1, 0.5, 0.8])
    positive[:4] = [True, True, False, False]
    first = random.normal(size=rows) + positive * random.random()
    second = first + random.normal(size=rows) * random.random()
    if seed % 2:
        first, second = first.round(1), second.round()
    areas, covariance = by_definition(first, second, positive)
    found = compare(first, second, positive)
    assert [found.first.area, found.second.area] == pytest.approx(areas, abs=1e-12)
    assert found.first.area == pytest.approx(roc_auc_score(positive, first), abs=1e-12)
    errors = [found.first.error, found.second.error]
    assert errors == pytest.approx(np.sqrt(np.diag(covariance)), abs=1e-12)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert found.error == pytest.approx(math.sqrt(variance), abs=1e-12)
    z = (areas[1] - areas[0]) / math.sqrt(variance)
    assert found.p_value == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), abs=1e-9)


def test_midranks_of_ties() -> None:
    assert midranks(np.array([3.0, 1.0, 3.0, 2.0, 3.0])).tolist() == [4, 1, 4, 2, 4]


def test_no_difference_is_none() -> None:
    """The same order of the rows, whatever the scores: nothing differs, and nothing is divided by
    zero."""
    found = compare(SCORES["albumin"], np.exp(SCORES["albumin"]), POSITIVE)
    assert (found.difference, found.error, found.p_value) == (0, 0, 1)


def test_perfect_separation_has_no_interval() -> None:
    """That of a zero error would say that it is known for sure."""
    scores = np.arange(20.0)
    found = compare(scores, -scores, scores >= 10)
    assert (found.first.area, found.first.interval) == (1, None)
    assert (found.difference, found.p_value) == (-1, 0)


def test_an_interval_stays_within_its_bounds() -> None:
    scores = np.arange(24.0)
    scores[11], scores[12] = 12, 11
    found = auc(scores, np.arange(24) >= 12)
    assert found.interval is not None
    assert found.area < 1 == found.interval[1]


def test_a_class_of_one_row() -> None:
    with pytest.raises(ValueError, match="two rows"):
        auc(np.arange(5.0), np.arange(5) == 3)


def test_many_rows_take_no_square() -> None:
    """A million rows within seconds; each pair of them would be 10^11."""
    random = np.random.default_rng(1)
    positive = random.random(1_000_000) < 0.3
    scores = random.normal(size=len(positive)) + positive
    assert auc(scores, positive).area == pytest.approx(roc_auc_score(positive, scores), abs=1e-10)


@pytest.mark.parametrize("digits", [1, 12])
def test_roc_curve(digits: int) -> None:
    """Through scikit-learn's points, or some of them, from one corner to the other."""
    random = np.random.default_rng(6)
    positive = random.random(900) < 0.4
    scores = (random.normal(size=900) + positive).round(digits)
    points = roc_curve(scores, positive)
    assert [points[0], points[-1]] == [(0, 0), (1, 1)]
    assert len(points) <= MOST_POINTS + 1
    x, y, _ = every_point(positive, scores, drop_intermediate=False)
    assert set(points) <= set(zip(x.tolist(), y.tolist(), strict=True))
    area = trapezes(*zip(*points, strict=True))
    assert area == pytest.approx(roc_auc_score(positive, scores), abs=0.003)
