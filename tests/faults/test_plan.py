"""The same seed makes the same plan: order, victims, ids, requests."""

from __future__ import annotations

import itertools
from random import Random

from shared.queue.messages import Kind
from tests.faults.catalogue import SCENARIOS
from tests.faults.plan import plan_matrix, plan_soak
from tests.faults.record import Absence, Ask, History, Record
from tests.faults.running_faults import FAULTS
from tests.faults.traffic import Ids, Traffic, observations


def drawn(seed: str, step: int = 1) -> list[Ask]:
    """What a client would send, if everything were accepted."""
    traffic = Traffic(1, Random(seed), Ids("test", 1000), itertools.count(1, step).__next__, 0.0)
    asks = []
    for _ in range(200):
        ask = traffic.next()
        asks.append(ask)
        traffic.remember(Record(ask, 0.0, 0.0, status=200))
    return asks


def test_the_same_seed_makes_the_same_plan() -> None:
    """And another seed another."""
    names = list(SCENARIOS)
    assert plan_matrix(7, names) == plan_matrix(7, names)
    assert plan_matrix(7, names) != plan_matrix(8, names)
    assert sorted(plan_matrix(7, names).names) == sorted(names)
    assert plan_soak(7, list(FAULTS)) == plan_soak(7, list(FAULTS))
    assert plan_soak(7, list(FAULTS)) != plan_soak(8, list(FAULTS))


def test_a_soak_has_every_fault_before_any_twice() -> None:
    """So that even a short one has seen many of them."""
    names = list(FAULTS)
    drawn_names = plan_soak(3, names).names
    assert sorted(drawn_names[: len(names)]) == sorted(names)


def test_the_same_seed_makes_the_same_requests() -> None:
    """Every client's, to the byte."""
    assert [ask.body for ask in drawn("1")] == [ask.body for ask in drawn("1")]
    assert [ask.body for ask in drawn("1")] != [ask.body for ask in drawn("2")]


def test_ids_do_not_depend_on_who_is_faster() -> None:
    """Numbers are given to whoever comes first; ids are not made of them."""
    ids = [[ask.observation_id for ask in drawn("1", step)] for step in (1, 3)]
    assert ids[0] == ids[1]


def test_a_load_has_everything_in_it() -> None:
    """Predictions and updates, synchronous and not, integers and strings, ids of one's own and
    ids that others send too."""
    asks = drawn("1")
    assert {(ask.kind, ask.respond_async) for ask in asks} == {
        (kind, how) for kind in (Kind.PREDICT, Kind.UPDATE) for how in (True, False)
    }
    assert {type(ask.observation_id) for ask in asks} == {int, str}
    shared = [a for a in asks if a.kind is Kind.PREDICT and " hot " in str(a.observation_id)]
    assert len({ask.key for ask in shared}) < len(shared)
    assert len({ask.number for ask in asks}) == len(asks)


def test_slowest_in_an_outage() -> None:
    """Only what was sent while a server was away, and whose client stayed."""
    ask = Ask(1, Kind.PREDICT, "a", observations()[0])
    history = History()
    assert history.slowest_in_outages() is None
    history.outages.append((10.0, 20.0))
    history.add(Record(ask, 8.0, 15.0, status=202))  # on its way when it began
    history.add(Record(ask, 21.0, 29.0, status=200))  # sent when it was over
    history.add(Record(ask, 12.0, 19.0, absence=Absence.LEFT))
    assert history.slowest_in_outages() == 0.0
    history.add(Record(ask, 19.0, 22.0, status=503))
    assert history.slowest_in_outages() == 3.0
    assert history.slowest() == 8.0
