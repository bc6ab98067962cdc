"""Brier score and calibration, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from worker.statistics.calibration import (
    BINS,
    Bin,
    bins,
    brier,
    brier_change,
    calibration_error,
)

RANDOM = np.random.default_rng(9)
PROBABILITIES = RANDOM.random(2000)
POSITIVE = RANDOM.random(2000) < PROBABILITIES**1.4


def test_brier() -> None:
    assert brier(PROBABILITIES, POSITIVE) == pytest.approx(
        brier_score_loss(POSITIVE, PROBABILITIES), abs=1e-12
    )


def test_bins_are_scikit_learns() -> None:
    found = bins(PROBABILITIES, POSITIVE)
    shares, means = calibration_curve(POSITIVE, PROBABILITIES, n_bins=BINS)
    assert [each.share for each in found] == pytest.approx(shares, abs=1e-12)
    assert [each.mean for each in found] == pytest.approx(means, abs=1e-12)
    assert sum(each.rows for each in found) == len(PROBABILITIES)


def test_bins_have_their_edges() -> None:
    """A probability of 1 is in the last bin, and a bin without rows is none."""
    found = bins(np.array([0.0, 0.05, 1.0]), np.array([False, True, True]))
    assert found == [Bin(0.0, 0.1, 2, 0.025, 0.5), Bin(0.9, 1.0, 1, 1.0, 1.0)]


def test_calibration_error() -> None:
    """By hand: two bins that miss by 0.2 and 0.1, one of three rows and one of one."""
    found = bins(np.array([0.3, 0.3, 0.3, 0.9]), np.array([True, False, False, True]))
    assert calibration_error(found) == pytest.approx((3 * (1 / 3 - 0.3) + 0.1) / 4)


def test_brier_change_is_paired() -> None:
    """Its interval is that of the rows' own differences, narrower than that of two samples."""
    other = np.clip(PROBABILITIES + 0.05, 0, 1)
    found = brier_change(PROBABILITIES, other, POSITIVE)
    assert found.mean == pytest.approx(brier(other, POSITIVE) - brier(PROBABILITIES, POSITIVE))
    assert found.interval is not None
    differences = np.square(other - POSITIVE) - np.square(PROBABILITIES - POSITIVE)
    means = differences[RANDOM.integers(0, 2000, (1000, 2000))].mean(axis=1)
    assert found.interval == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=4e-4)


def test_one_row_has_no_interval() -> None:
    one = np.array([0.5])
    assert brier_change(one, one, np.array([True])).interval is None
