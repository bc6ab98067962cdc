"""What bursts and open arrivals gave, over the rounds of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.table import Spread
from bench.turn import Plan, Turn


@dataclass(frozen=True, slots=True)
class BurstRow:
    """One contender's bursts of one size: their medians, and the slowest answer of each."""

    contender: str
    size: int
    bursts: int
    p50_ms: Spread
    max_ms: Spread
    failed: int


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """One contender at one open rate. It has no latencies where a round was beyond its capacity."""

    contender: str
    rate: int
    p50_ms: Spread | None
    p99_ms: Spread | None
    max_ms: Spread | None
    sent: int
    failed: int


def burst_rows(turns: Sequence[Turn], plan: Plan) -> list[BurstRow]:
    """A row for each contender and size."""
    rows = []
    for name in dict.fromkeys(turn.contender for turn in turns):
        for size in plan.bursts:
            found = [
                b for turn in turns if turn.contender == name for b in turn.bursts if b.size == size
            ]
            p50, slowest = ([b.p50_ms for b in found], [b.max_ms for b in found])
            failed = sum(burst.failed for burst in found)
            row = BurstRow(name, size, len(found), Spread.of(p50), Spread.of(slowest), failed)
            rows.append(row)
    return rows


def arrival_rows(turns: Sequence[Turn], plan: Plan) -> list[ArrivalRow]:
    """A row for each contender and rate."""
    rows = []
    for name in dict.fromkeys(turn.contender for turn in turns):
        mine = [turn for turn in turns if turn.contender == name]
        for rate in plan.rates:
            found = [a for turn in mine for a in turn.arrivals if a.rate == rate]
            borne = len(found) == len(mine)
            p50, p99, slowest = (
                Spread.of([getattr(a, field) for a in found]) if borne else None
                for field in ("p50_ms", "p99_ms", "max_ms")
            )
            sent, failed = sum(a.sent for a in found), sum(a.failed for a in found)
            rows.append(ArrivalRow(name, rate, p50, p99, slowest, sent, failed))
    return rows
