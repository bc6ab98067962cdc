"""How long honest clients wait beside rough ones, held against how long they wait without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.faults.problem import Problem, hung, wrong
from tests.faults.record import Record

# Beside rough clients, 99 of 100 are answered within so many times what they take without them.
TIMES = 4.0
# In seconds: on an idle machine the quiet figure is a few milliseconds, and a moment of somebody
# else's work would be many times that.
FLOOR = 0.05


def p99(records: Sequence[Record]) -> float:
    """The seconds that 99 of 100 requests take at most."""
    seconds = sorted(record.seconds for record in records)
    return seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)]


def check_haste(quiet: Sequence[Record], beside: Sequence[Record]) -> Iterator[Problem]:
    """Beside rough clients nobody honest is refused, or waits much longer than in quiet."""
    refused = [r for r in beside if not r.accepted]
    if refused:
        said = refused[0].absence or refused[0].status
        yield wrong(f"{len(refused)} honest requests were not served; the first: {said}")
    if not quiet or not beside:
        yield wrong("no honest request was answered, so nothing can be compared")
        return
    limit = TIMES * max(FLOOR, p99(quiet))
    if p99(beside) >= limit:
        text = f"p99 {p99(beside):.3f} s beside rough clients, {p99(quiet):.3f} s without"
        yield hung(f"{text}; less than {limit:.3f} s is allowed")
