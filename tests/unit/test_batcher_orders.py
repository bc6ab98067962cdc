"""`api.grouping.batcher` under every order of events, on a simulated clock and on a real one."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.grouping.batcher import HELD_LONGEST, STALLED, Batcher
from shared.observation_id import ObservationId
from shared.queue.messages import Group, Kind, Request, new_request_id
from tests.unit.test_batcher import Bench

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 16)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("advance"), st.sampled_from([0.001, 0.005, 0.019, 0.3, 1.1])),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(events=EVENTS, in_flight=st.integers(1, 3))
def test_nobody_is_forgotten(events: list[tuple[str, float]], in_flight: int) -> None:
    """Whatever happens in whichever order: everybody leaves once and in the order of arrival, and
    while fewer groups are out than may be, nobody is held for more than 20 ms."""
    bench = Bench(in_flight)
    arrived: list[str] = []
    answered: set[int] = set()
    for what, number in events:
        if what == "put":
            arrived += bench.put(int(number))
        elif what == "advance":
            bench.clock.advance(number)
        else:
            out = [n for n in range(len(bench.sent)) if n not in answered]
            if out:
                answered.add(out[int(number) % len(out)])
                bench.answer(max(answered & set(out)))
        left = [r.request_id for group in bench.sent for r in group.requests]
        assert left == arrived[: len(left)]
        if len(bench.sent) - len(answered) < in_flight:
            bench.clock.advance(HELD_LONGEST)
            assert sum(bench.sizes) == len(arrived)
    bench.clock.advance(len(arrived) * STALLED + HELD_LONGEST)
    assert sum(bench.sizes) == len(arrived)


@pytest.mark.parametrize("size", range(2, 17))
def test_bursts_on_a_real_clock(size: int) -> None:
    """As many clients as that ask at once and then fall silent: the last group leaves when the
    one before it has returned, not a second later."""

    async def burst() -> None:
        loop = asyncio.get_running_loop()
        sent: list[Group] = []
        returned_at = loop.time()

        def send(group: Group) -> None:
            sent.append(group)
            loop.call_later(0.002, give_back, group)

        def give_back(group: Group) -> None:
            nonlocal returned_at
            returned_at = loop.time()
            batcher.returned(group.group_id, len(group.requests))

        batcher = Batcher(send, "channel", 2, 512, 2**20, loop)
        for number in range(size):
            key = ObservationId(str(number), is_text=False)
            batcher.put(Request(new_request_id(), Kind.PREDICT, key, "{}"))
            await asyncio.sleep(0)
        while sum(len(group.requests) for group in sent) < size:
            await asyncio.sleep(0.001)
            assert loop.time() - returned_at < STALLED / 2, "what gathered does not leave"

    asyncio.run(burst())
