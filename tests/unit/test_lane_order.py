"""The share of each lane, on a simulated clock and lanes that are full or empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import pytest

from worker.celery_parts.lane_order import LATELY, SHARES, Bulk, LaneOrder, Share

LANES = ["interactive", "deferred", "bulk"]


class Takes:
    """A worker that takes a message every `pause` seconds from lanes that are always full, apart
    from those that are named empty."""

    def __init__(self, pause: float, shares: tuple[Share, ...] = SHARES) -> None:
        self._pause = pause
        self.now = 0.0
        self._order = LaneOrder(lambda: self.now, shares)
        self._order.update(LANES)

    def take(self, empty: Collection[str] = ()) -> str:
        order = self._order.consume(3)
        assert sorted(order) == sorted(LANES)
        taken = next(lane for lane in order if lane not in empty)
        self._order.rotate(taken)
        self.now += self._pause
        return taken

    def many(self, number: int, empty: Collection[str] = ()) -> Counter[str]:
        return Counter(self.take(empty) for _ in range(number))


def test_at_rest_the_first_lane_comes_first() -> None:
    takes = Takes(0.01)
    assert [takes.take() for _ in range(16)] == ["interactive"] * 16


@pytest.mark.parametrize("pause", [0.001, 0.01, 0.03])
def test_fast_groups_leave_the_deferred_lane_one_take_in_seventeen(pause: float) -> None:
    """A few per cent of the interactive rate, and far more than twenty jobs in 30 s."""
    counted = Takes(pause).many(17 * 65)
    assert 0.05 < counted["deferred"] / counted.total() < 0.065
    assert 0.01 < counted["bulk"] / counted.total() < 0.02


@pytest.mark.parametrize("pause", [0.05, 0.1, 0.3, 1.0])
def test_slow_groups_leave_it_a_take_every_half_second_and_at_most_one_in_four(
    pause: float,
) -> None:
    takes = Takes(pause)
    counted = takes.many(1000, empty=["bulk"])
    assert counted["deferred"] >= min(takes.now / (0.5 + pause), 0.24 * 1000)
    assert counted["deferred"] <= 0.26 * 1000


@pytest.mark.parametrize("pause", [0.001, 0.01, 0.1, 0.3])
def test_twenty_deferred_jobs_are_taken_within_thirty_seconds(pause: float) -> None:
    takes = Takes(pause)
    taken = 0
    while taken < 20:
        taken += takes.take() == "deferred"
    assert takes.now <= 30


def test_bulk_never_costs_the_others_more_than_one_take_in_thirteen() -> None:
    counted = Takes(2.0).many(1300)
    assert counted["bulk"] <= 100
    assert counted["interactive"] >= 0.65 * 1300


def test_a_lane_that_was_empty_when_it_came_first_waits_for_its_next_turn() -> None:
    takes = Takes(0.01)
    assert takes.many(17, empty=["deferred"])["interactive"] == 17
    # The last of these looked into it in vain.
    assert takes.many(16)["deferred"] == 0
    assert takes.take() == "deferred"


def test_with_nothing_interactive_the_others_take_turns_in_their_order() -> None:
    counted = Takes(0.01).many(650, empty=["interactive"])
    assert counted["deferred"] > 600
    assert counted["bulk"] >= 9


def test_an_empty_order_offers_nothing() -> None:
    order = LaneOrder()
    order.update([])
    assert order.consume(0) == []


def test_a_message_from_a_lane_that_is_not_consumed_any_more_changes_nothing() -> None:
    takes = Takes(0.01)
    takes.take()
    takes._order.rotate("another")
    assert takes.take() == "interactive"


class Hands:
    """A worker of two processes, and how many of them have bulk."""

    def __init__(self) -> None:
        self.now = 0.0
        self.in_hand = 0
        bulk = Bulk("bulk", "interactive", 1, lambda: self.in_hand)
        self.order = LaneOrder(lambda: self.now, bulk=bulk)
        self.order.update(LANES)


def test_at_rest_every_process_may_have_bulk() -> None:
    hands = Hands()
    hands.in_hand = 1
    assert "bulk" in hands.order.consume(3)


def test_one_process_is_free_of_bulk_while_interactive_requests_come() -> None:
    """The other has some, and the last is kept for them until none came for a while."""
    hands = Hands()
    hands.order.consume(3)
    hands.order.rotate("interactive")
    assert "bulk" in hands.order.consume(3)
    hands.in_hand = 1
    assert hands.order.consume(3) == ["interactive", "deferred"]
    hands.now += LATELY
    assert "bulk" in hands.order.consume(3)


def test_other_lanes_keep_nobody_free_of_bulk() -> None:
    """A worker that takes no interactive requests has bulk in all its processes."""
    hands = Hands()
    hands.order.update(["deferred", "bulk"])
    hands.order.consume(2)
    hands.order.rotate("deferred")
    hands.in_hand = 1
    assert hands.order.consume(2) == ["deferred", "bulk"]
