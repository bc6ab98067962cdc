"""A run's figures: medians over its rounds with the spread beside them, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.turn import Plan, Turn


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several measurements, their least and their greatest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One contender with one number of clients in a closed loop, over the rounds.

    `ratio` is its requests/s by those of the run's first contender with as many clients;
    `p50_ratio` the same of the median latency, with one client only. `checked` counts the answers
    that were compared with the pipeline's while the loads ran.
    """

    contender: str
    clients: int
    p50_ms: Spread
    p99_ms: Spread
    rate: Spread
    errors: int
    checked: int
    ratio: float | None = None
    p50_ratio: float | None = None


def summarise(turns: Sequence[Turn], plan: Plan) -> list[Row]:
    """The table's rows: the contenders in the order of their turns, each by its clients."""
    names = list(dict.fromkeys(turn.contender for turn in turns))
    rows: list[Row] = []
    base: dict[int, Row] = {}
    for name in names:
        for clients in plan.clients:
            row = _row(name, clients, turns, base.get(clients))
            base.setdefault(clients, row)
            rows.append(row)
    return rows


def _row(name: str, clients: int, turns: Sequence[Turn], base: Row | None) -> Row:
    rounds = [turn.figures[clients] for turn in turns if turn.contender == name]
    rate = Spread.of([figures.requests_per_second for figures in rounds])
    p50 = Spread.of([figures.p50_ms for figures in rounds])
    base_rate = (base.rate if base else rate).median
    base_p50 = (base.p50_ms if base else p50).median
    return Row(
        name,
        clients,
        p50,
        Spread.of([figures.p99_ms for figures in rounds]),
        rate,
        sum(figures.errors for figures in rounds),
        sum(figures.checked for figures in rounds),
        rate.median / base_rate if base_rate else None,
        p50.median / base_p50 if clients == 1 and base_p50 else None,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as text; the ratios are to the first contender's row of as many clients."""
    head = (
        "contender", "clients", "p50 ms", "p99 ms", "requests/s", "least", "most", "ratio",
        "p50 ratio", "errors", "checked",
    )  # fmt: skip
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    text.insert(1, "-" * max(len(line) for line in text))
    return "\n".join(text)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.contender,
        str(row.clients),
        f"{row.p50_ms.median:,.1f}",
        f"{row.p99_ms.median:,.1f}",
        f"{row.rate.median:,.0f}",
        f"{row.rate.low:,.0f}",
        f"{row.rate.high:,.0f}",
        "" if row.ratio is None else f"{row.ratio:.2f}x",
        "" if row.p50_ratio is None else f"{row.p50_ratio:.2f}x",
        str(row.errors),
        str(row.checked),
    )
