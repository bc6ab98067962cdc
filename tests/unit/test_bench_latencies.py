"""The benchmark's percentiles: what failed is in them, as the slowest of all."""

from __future__ import annotations

import pytest

from bench.client import Answer, Outcome
from bench.latencies import TIMEOUT, Latencies
from bench.load import Figures
from bench.sample import clients_for, with_sample

TIMED_OUT = TIMEOUT * 1000.0
FIGURES = Figures(ok=1000, refused=0, broken=0, timeouts=0, seconds=4, p50_ms=5, p99_ms=9)


@pytest.mark.parametrize(
    ("part", "expected"),
    [(0.0, 1.0), (0.5, 50.0), (0.501, 51.0), (0.55, 55.0), (0.99, 99.0), (1.0, 100.0)],
)
def test_a_quantile_is_a_latency_that_was_measured(part: float, expected: float) -> None:
    """The nearest rank, whatever the order in which answers came."""
    latencies = Latencies([float(n) for n in range(100, 0, -1)])
    assert latencies.quantile(part) == expected


def test_one_failure_of_a_hundred_is_not_yet_the_p99() -> None:
    """99 of 100 were answered within the slowest answer's time."""
    latencies = Latencies([5.0] * 99, failed=1)
    assert latencies.quantile(0.99) == 5.0
    assert latencies.quantile(1.0) == TIMED_OUT


def test_two_failures_of_a_hundred_are_the_p99() -> None:
    """However fast they were refused."""
    assert Latencies([5.0] * 98, failed=2).quantile(0.99) == TIMED_OUT


def test_nothing_answered_is_the_time_out_throughout() -> None:
    """And not a median of zero, which would look fast."""
    assert Latencies([], failed=3).quantile(0.5) == TIMED_OUT
    assert Latencies().quantile(0.5) == 0.0


def test_a_sample_that_failed_is_in_the_figures() -> None:
    """wrk does not see what is never answered; the sample beside it does."""
    answers = [Answer(n, Outcome.OK, 5.0, 0.0) for n in range(98)]
    assert with_sample(FIGURES, answers).p99_ms == 9
    answers += [Answer(98, Outcome.TIMEOUT, TIMED_OUT, 0.0), Answer(99, Outcome.BROKEN, 1.0, 0.0)]
    found = with_sample(FIGURES, answers)
    assert (found.p50_ms, found.p99_ms) == (5, TIMED_OUT)
    assert (found.timeouts, found.broken, found.errors, found.checked) == (1, 1, 2, 98)


def test_a_sample_of_failures_is_the_median_as_well() -> None:
    """A contender that answers nobody else but wrk's quick connections is not fast."""
    answers = [Answer(0, Outcome.REFUSED, 1.0, 0.0)]
    assert with_sample(FIGURES, answers).p50_ms == TIMED_OUT
    assert with_sample(FIGURES, []) == FIGURES


def test_a_sample_is_small_beside_its_load() -> None:
    """At least one client, and a few percent of many."""
    assert [clients_for(n) for n in (2, 8, 64, 256)] == [1, 1, 1, 4]
