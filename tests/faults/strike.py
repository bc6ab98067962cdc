"""The moments at which faults were made, and whether anything was under way then: a fault that
meets nothing shows nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.problem import Problem, wrong
from tests.faults.record import Address, Record


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault at a moment, on the monotonic clock; to one gateway, or to what all of them need."""

    what: str
    at: float
    gateway: Address | None = None


def check_strikes(
    strikes: Sequence[Strike], shown: Sequence[str], records: Sequence[Record]
) -> Iterator[Problem]:
    """Every fault met a request that waited for its answer. What a play has `shown` by itself
    needs no strike; one of both there must be."""
    if not strikes and not shown:
        yield wrong("the play did not show that its fault met anything")
    for strike in strikes:
        met = any(
            record.under_way_at(strike.at) and strike.gateway in (None, record.gateway)
            for record in records
        )
        if not met:
            yield wrong(f"{strike.what}: no request was under way at that moment")
