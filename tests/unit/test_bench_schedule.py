"""The benchmark's loads that are no closed loops: when arrivals come, and what bursts are."""

from __future__ import annotations

import itertools
import statistics

from bench.arrivals import poisson
from bench.bursts import SIZES, order, summarise_burst
from bench.client import Answer, Outcome
from bench.latencies import TIMEOUT


def test_arrivals_keep_their_rate() -> None:
    """As many in the time as the rate says, within five standard deviations."""
    moments = list(poisson(400, 50, seed=1))
    assert abs(len(moments) - 20_000) < 5 * 20_000**0.5
    assert all(0 < moment < 50 for moment in moments)
    assert moments == sorted(moments)


def test_arrivals_come_at_random() -> None:
    """The gaps of a Poisson process: their deviation is their mean, not zero as of a metronome."""
    gaps = [b - a for a, b in itertools.pairwise(poisson(100, 100, seed=2))]
    assert 0.9 < statistics.stdev(gaps) / statistics.mean(gaps) < 1.1


def test_every_contender_meets_the_same_arrivals() -> None:
    """The seed decides, and another round has others."""
    first, same, other = (list(poisson(40, 4, seed)) for seed in (1, 1, 2))
    assert first == same != other
    assert first[0] != other[0]


def test_bursts_are_mixed_and_complete() -> None:
    """Each size as often as asked, not in order, and the same for every contender."""
    sizes = order(SIZES, 4, seed=1)
    assert sorted(sizes) == sorted(SIZES * 4)
    assert sizes != sorted(sizes)
    assert sizes == order(SIZES, 4, seed=1) != order(SIZES, 4, seed=2)


def test_a_burst_shows_its_tail() -> None:
    """One client who waits for a second is not lost in a median."""
    answers = [Answer(n, Outcome.OK, 20.0 + n, 0.0) for n in range(3)]
    answers.append(Answer(3, Outcome.OK, 1000.0, 0.0))
    burst = summarise_burst(4, answers)
    assert (burst.p50_ms, burst.max_ms, burst.failed) == (21.0, 1000.0, 0)


def test_a_burst_counts_who_was_refused_as_the_slowest() -> None:
    """A 503 after a millisecond is no fast answer."""
    answers = [Answer(0, Outcome.OK, 20.0, 0.0), Answer(1, Outcome.REFUSED, 1.0, 0.0)]
    burst = summarise_burst(2, answers)
    assert (burst.p50_ms, burst.max_ms, burst.failed) == (20.0, TIMEOUT * 1000.0, 1)
