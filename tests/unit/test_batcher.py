"""`api.grouping.batcher`: who travels together, and when a group leaves. On a simulated clock."""

from __future__ import annotations

import pytest

from api.grouping.batcher import HELD_LONGEST, STALLED, Batcher
from shared.observation_id import ObservationId
from shared.queue.messages import Group, Kind, Request, new_request_id
from tests.unit.simulated_clock import SimulatedClock


class Bench:
    """A batcher, and what it sent and when."""

    def __init__(self, in_flight: int = 1, size: int = 100, most_bytes: int = 10_000) -> None:
        self.clock = SimulatedClock()
        self.sent: list[Group] = []
        self.sent_at: list[float] = []
        self.batcher = Batcher(self._send, "channel", in_flight, size, most_bytes, self.clock)

    def _send(self, group: Group) -> None:
        self.sent.append(group)
        self.sent_at.append(self.clock.time())

    def put(self, count: int = 1, body: str = "{}") -> list[str]:
        """Requests that arrive in the same turn of the loop; their ids."""
        requests = [
            Request(new_request_id(), Kind.PREDICT, ObservationId(str(n), is_text=False), body)
            for n in range(count)
        ]
        for request in requests:
            self.batcher.put(request)
        self.clock.advance()
        return [request.request_id for request in requests]

    @property
    def sizes(self) -> list[int]:
        """The sizes of the groups that were sent."""
        return [len(group.requests) for group in self.sent]

    def answer(self, number: int) -> None:
        """A worker answers a group."""
        group = self.sent[number]
        self.batcher.returned(group.group_id, len(group.requests))
        self.clock.advance()


@pytest.fixture
def bench() -> Bench:
    """One group in flight."""
    return Bench()


def test_alone(bench: Bench) -> None:
    """A client that is alone leaves at once, time after time, and is never held."""
    for number in range(5):
        bench.put()
        assert bench.sizes == [1] * (number + 1)
        bench.clock.advance(0.01)
        bench.answer(number)


def test_what_arrives_in_one_turn_leaves_together(bench: Bench) -> None:
    """Requests that the loop reads in the same turn do not leave one by one."""
    bench.put(5)
    assert bench.sizes == [5]


def test_gathers_while_a_group_is_out(bench: Bench) -> None:
    """What comes while a group is out leaves together when that returns."""
    bench.put()
    bench.put(3)
    bench.put(4)
    assert bench.sizes == [1]
    bench.answer(0)
    assert bench.sizes == [1, 7]


def one_of_four_is_back(bench: Bench) -> None:
    """Four were answered together, and the first of them asks again: that does not leave yet."""
    bench.put()
    bench.put(4)
    bench.answer(0)
    bench.clock.advance(0.05)
    bench.answer(1)
    bench.put(1)
    assert bench.sizes == [1, 4]


def test_held_for_those_who_come_back(bench: Bench) -> None:
    """The first of four who were answered waits for the others, so that they share a group."""
    one_of_four_is_back(bench)
    bench.put(3)
    assert bench.sizes == [1, 4, 4]


def test_not_held_for_the_last(bench: Bench) -> None:
    """Eight of ten do not wait for the other two."""
    bench.put()
    bench.put(10)
    bench.answer(0)
    bench.clock.advance(0.05)
    bench.answer(1)
    bench.put(7)
    assert len(bench.sent) == 2
    bench.put(1)
    assert bench.sizes == [1, 10, 8]


def test_not_held_for_long(bench: Bench) -> None:
    """A client that does not come back is waited for 20 ms at most, although nothing happens."""
    one_of_four_is_back(bench)
    held_since = bench.clock.time()
    bench.clock.advance(1.0)
    assert bench.sizes == [1, 4, 1]
    assert bench.sent_at[2] - held_since <= HELD_LONGEST


@pytest.mark.parametrize("in_flight", [1, 2])
@pytest.mark.parametrize("size", range(2, 17))
def test_a_burst_and_then_silence(size: int, in_flight: int) -> None:
    """A reply that has what gathered held sees to it that it leaves: nobody else will come who
    could. Whatever the order in which the clients of the burst arrive."""
    for first in range(1, size):
        bench = Bench(in_flight)
        bench.put(first)
        bench.put(size - first)
        bench.clock.advance(0.015)
        bench.answer(0)
        returned = bench.clock.time()
        bench.clock.advance(5.0)
        assert sum(bench.sizes) == size
        assert max(bench.sent_at) <= returned + HELD_LONGEST


def test_alone_after_many(bench: Bench) -> None:
    """Many who were answered and do not come back hold nobody, time after time."""
    one_of_four_is_back(bench)
    bench.clock.advance(0.05)
    for number in range(2, 6):
        bench.clock.advance(0.02)
        bench.answer(number)
        bench.put(1)
        assert bench.sizes[-1] == 1
        assert len(bench.sent) == number + 2


def test_a_lost_group_holds_nobody_back(bench: Bench) -> None:
    """What has gathered leaves when the group that is out is late, although nothing arrives."""
    bench.put()
    bench.put(2)
    bench.clock.advance(STALLED)
    assert bench.sizes == [1, 2]


def test_no_larger_than_allowed() -> None:
    """A group has a largest size; the rest leaves with the next."""
    bench = Bench(size=3)
    bench.put()
    bench.put(5)
    bench.answer(0)
    assert bench.sizes == [1, 3]
    bench.answer(1)
    bench.clock.advance(1)
    assert bench.sizes == [1, 3, 2]


def test_no_heavier_than_allowed() -> None:
    """A group has a largest weight; a request that is heavier than that travels alone."""
    bench = Bench(in_flight=9, most_bytes=100)
    bench.put(5, body="x" * 40)
    bench.put(1, body="x" * 1000)
    bench.clock.advance(1)
    assert bench.sizes == [2, 2, 1, 1]


def test_a_group_that_could_not_be_sent(bench: Bench) -> None:
    """It is not waited for: the next group leaves."""
    bench.put()
    bench.put(2)
    bench.batcher.failed(bench.sent[0].group_id)
    assert bench.sizes == [1, 2]


def test_giving_up_leaves_nothing_behind(bench: Bench) -> None:
    """A request that waits no longer does not travel."""
    bench.put()
    [impatient] = bench.put()
    bench.put(2)
    bench.batcher.give_up(impatient)
    bench.answer(0)
    assert bench.sizes == [1, 2]
