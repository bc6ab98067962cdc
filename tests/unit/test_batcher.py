"""`api.grouping.batcher`: who travels together, and when a group leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.grouping.batcher import STALLED, Batcher
from api.grouping.pending import Pending, Waiter
from shared.errors import BrokerAwayError
from shared.observation_id import ObservationId
from shared.queue.messages import Group, Kind, Outcome, Reply, Request, new_request_id
from tests.system import wait_for


class Bench:
    """A dispatch on a clock of its own, and what it sent."""

    def __init__(self, in_flight: int = 1, size: int = 100) -> None:
        self.time = 100.0
        self.sent: list[Group] = []
        self.away = False
        self.dispatch = Batcher(
            Pending(), self._publish, "channel", in_flight, size, lambda: self.time
        )
        self.dispatch.start()

    def _publish(self, group: Group) -> None:
        if self.away:
            raise BrokerAwayError("Redis does not answer")
        self.sent.append(group)

    def put(self, count: int = 1) -> list[Waiter]:
        waiters = []
        for number in range(count):
            key = ObservationId(str(number), is_text=False)
            request = Request(new_request_id(), Kind.PREDICT, key, "{}")
            waiters.append(Waiter(request.request_id))
            self.dispatch.put(request, waiters[-1])
        return waiters

    def sizes(self, groups: int) -> list[int]:
        """The sizes of the groups that were sent, once there are so many."""
        wait_for(lambda: len(self.sent) >= groups, 5, f"{groups} groups are sent")
        return [len(group.requests) for group in self.sent]

    def answer(self, number: int) -> None:
        """A worker answers the group."""
        group = self.sent[number]
        outcomes = tuple(Outcome(r.request_id, 200, {}) for r in group.requests)
        self.dispatch.returned(Reply(group.group_id, outcomes))


@pytest.fixture
def bench() -> Iterator[Bench]:
    """One group in flight."""
    made = Bench()
    yield made
    made.dispatch.stop()


def test_alone(bench: Bench) -> None:
    """Somebody who is alone leaves at once, time after time, and is never held."""
    for number in range(5):
        [waiter] = bench.put()
        assert bench.sizes(number + 1) == [1] * (number + 1)
        bench.answer(number)
        assert waiter.wait(5) == Outcome(waiter.request_id, 200, {})


def test_gathers_while_a_group_is_out(bench: Bench) -> None:
    """What comes while a group is out leaves together when that returns."""
    bench.put()
    bench.sizes(1)
    bench.put(7)
    assert bench.sizes(1) == [1]
    bench.answer(0)
    assert bench.sizes(2) == [1, 7]


def one_of_four_is_back(bench: Bench) -> None:
    """Four were answered together, and the first of them asks again: that does not leave yet."""
    bench.put()
    bench.sizes(1)
    bench.put(4)
    bench.answer(0)
    bench.sizes(2)
    bench.time += 0.05
    bench.answer(1)
    bench.put(1)
    assert len(bench.sent) == 2


def test_held_for_those_who_come_back(bench: Bench) -> None:
    """The first of four who were answered waits for the others, so that they share a group."""
    one_of_four_is_back(bench)
    bench.put(3)
    assert bench.sizes(3) == [1, 4, 4]


def test_not_held_for_the_last(bench: Bench) -> None:
    """Eight of ten do not wait for the other two."""
    bench.put()
    bench.sizes(1)
    bench.put(10)
    bench.answer(0)
    bench.sizes(2)
    bench.time += 0.05
    bench.answer(1)
    bench.put(7)
    assert len(bench.sent) == 2
    bench.put(1)
    assert bench.sizes(3) == [1, 10, 8]


def test_not_held_for_long(bench: Bench) -> None:
    """Who does not come back is not waited for."""
    one_of_four_is_back(bench)
    bench.time += 0.05
    assert bench.sizes(3) == [1, 4, 1]


def test_alone_after_many(bench: Bench) -> None:
    """Many who were answered and do not come back hold nobody, time after time."""
    one_of_four_is_back(bench)
    bench.time += 0.05
    bench.sizes(3)
    for number in range(2, 6):
        bench.time += 0.02
        bench.answer(number)
        bench.put(1)
        assert bench.sizes(number + 2)[-1] == 1


def test_a_lost_group_holds_nobody_back(bench: Bench) -> None:
    """What has gathered leaves when the group that is out is late, although nothing arrives."""
    bench.put()
    bench.sizes(1)
    bench.put(2)
    bench.time += STALLED
    assert bench.sizes(2) == [1, 2]


def test_no_larger_than_allowed() -> None:
    """A group has a largest size; the rest leaves with the next."""
    bench = Bench(size=3)
    bench.put()
    bench.sizes(1)
    bench.put(5)
    bench.answer(0)
    assert bench.sizes(2) == [1, 3]
    bench.answer(1)
    bench.time += 1
    assert bench.sizes(3) == [1, 3, 2]
    bench.dispatch.stop()


def test_refused_when_redis_is_away(bench: Bench) -> None:
    """Everybody in the group hears of it, and the next group is tried anew."""
    bench.away = True
    [waiter] = bench.put()
    outcome = waiter.wait(5)
    assert outcome is not None
    assert outcome.status_code == 503
    bench.away = False
    bench.put()
    assert bench.sizes(1) == [1]


def test_giving_up_leaves_nothing_behind(bench: Bench) -> None:
    """Who waits no longer does not travel."""
    bench.put()
    bench.sizes(1)
    [impatient] = bench.put()
    bench.put(2)
    bench.dispatch.give_up(impatient)
    bench.answer(0)
    assert bench.sizes(2) == [1, 2]
