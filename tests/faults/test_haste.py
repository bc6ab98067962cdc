"""The comparison of a quiet phase with another sees what is wrong, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared.queue.messages import Kind
from tests.faults.haste import check_haste, p99
from tests.faults.problem import Sort
from tests.faults.record import Absence, Ask, Record

ASK = Ask(1, Kind.PREDICT, "a", {})


def records(*seconds: float, status: int = 200) -> list[Record]:
    return [Record(ASK, 10.0, 10.0 + s, status=status) for s in seconds]


QUIET = records(*[0.1] * 100)


def test_p99() -> None:
    """One in a hundred may be slower."""
    assert p99(records(*[0.1] * 199, 9.0)) == pytest.approx(0.1)
    assert p99(records(*[0.1] * 98, 9.0, 9.0)) == pytest.approx(9.0)
    assert p99(records(0.2)) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("quiet", "beside", "sort"),
    [
        (QUIET, records(*[0.39] * 100), None),
        (QUIET, records(*[0.41] * 100), Sort.HUNG),
        (records(*[0.001] * 100), records(*[0.19] * 100), None),
        (records(*[0.001] * 100), records(*[0.21] * 100), Sort.HUNG),
        (QUIET, [*QUIET, *records(0.1, status=202)], None),
        (QUIET, [*QUIET, *records(0.1, status=503)], Sort.WRONG),
        (QUIET, [*QUIET, Record(ASK, 10.0, 10.1, absence=Absence.BROKEN)], Sort.WRONG),
        (QUIET, [], Sort.WRONG),
        ([], QUIET, Sort.WRONG),
    ],
)
def test_check(quiet: Sequence[Record], beside: Sequence[Record], sort: Sort | None) -> None:
    """Slower than allowed, refused, or nothing to compare."""
    found = [problem.sort for problem in check_haste(quiet, beside)]
    assert found == ([] if sort is None else [sort])
