"""How a column of booleans takes values. Pure."""

from __future__ import annotations

from typing import Any

from worker.scoring.dtypes.read import Check, Read, Reader


def reading(nullable: bool) -> tuple[Check, Reader]:
    """Truths, and the numbers 0 and 1; a missing value only where the dtype has one."""

    def fault(value: Any) -> str | None:
        if value is None:
            return None if nullable else "a column of booleans takes no missing value"
        return None if isinstance(value, bool) else "must be true or false"

    def read(value: Any) -> Read | str:
        # A text would be true whatever it says, to pandas.
        is_truth = isinstance(value, int | float) and value in (0, 1)
        return Read(value == 1) if is_truth else fault(value) or ""

    return fault, read
