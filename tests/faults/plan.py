"""What is to be done, in which order: the same seed gives the same plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

# Of a soak's faults, so many are drawn in advance; more than fit into any soak.
_MOST_FAULTS = 10_000


@dataclass(frozen=True)
class Plan:
    """The scenarios in their order, or the faults of a soak in theirs."""

    seed: int
    names: tuple[str, ...]


def plan_matrix(seed: int, names: Sequence[str]) -> Plan:
    """Each scenario once."""
    order = list(names)
    Random(f"{seed} order").shuffle(order)
    return Plan(seed, tuple(order))


def plan_soak(seed: int, names: Sequence[str]) -> Plan:
    """Every fault comes before any comes again, so that a short soak has seen many of them."""
    random = Random(f"{seed} soak")
    drawn: list[str] = []
    while len(drawn) < _MOST_FAULTS:
        turn = list(names)
        random.shuffle(turn)
        drawn += turn
    return Plan(seed, tuple(drawn[:_MOST_FAULTS]))
