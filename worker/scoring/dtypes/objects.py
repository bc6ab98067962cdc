"""How a column of objects takes values whose encoder is known. Pure."""

from __future__ import annotations

from typing import Any

from worker.scoring.dtypes.known_values import KnownValues
from worker.scoring.dtypes.read import Check, Read, Reader


def reading(known: KnownValues) -> tuple[Check, Reader]:
    """The known values, and what means the same as one of them. Anything else is left as it is:
    what the encoder makes of it was settled in training."""

    def fault(value: Any) -> str | None:
        # A list or an object is the pipeline's own affair, and cannot be looked up.
        if value is None or isinstance(value, list | dict) or known.has(value):
            return None
        return "not known"

    return fault, lambda value: known.find(value) or Read(value, is_known=False)
