"""Results as a table to read."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.problem import Sort
from tests.faults.result import Result

HEADINGS = (
    "fault", "sent", "answered", "503, 504", "rows", "jobs", "lost", "doubled", "wrong", "hung",
    "slowest s", "in outage s", "stopping s", "recovery s",
)  # fmt: skip


def table(results: Sequence[Result]) -> str:
    """A line for each result, in columns."""
    lines = [HEADINGS, *(_cells(result) for result in results)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(result: Result) -> tuple[str, ...]:
    return (
        result.name,
        str(result.sent),
        str(result.answered),
        str(result.refused),
        str(result.rows),
        str(result.jobs),
        *(str(result.count(sort)) for sort in Sort),
        _seconds(result.slowest),
        _seconds(result.slowest_in_outage),
        _seconds(result.stopping),
        _seconds(result.recovery),
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
