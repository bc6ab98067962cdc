"""The short half of the fault matrix; `make faults` plays all of it at full size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import NAMES
from tests.faults.problem import Sort
from tests.faults.result import Result
from tests.faults.table import table


@pytest.mark.parametrize("name", NAMES)
def test_fault(name: str, results: Callable[[str], Result]) -> None:
    """Nothing lost, nothing twice, nobody hangs, and everything recovers by itself."""
    result = results(name)
    problems = "\n".join(str(problem) for problem in result.problems[:20])
    assert result.passed, f"\n{table([result])}\n{problems}"
    assert not any(result.count(sort) for sort in Sort)
    assert result.sent >= 20
    assert result.answered
    assert result.rows or result.jobs
    assert result.recovery is not None
