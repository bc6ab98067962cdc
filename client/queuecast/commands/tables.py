"""Small tables for a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns one beside the other, as wide as what is in them."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip()
        for row in rows
    )


def named(values: dict[str, Any]) -> str:
    """A line for each value that is there, behind its name: texts as they are, else as JSON."""
    return table([[name, shown(value)] for name, value in values.items() if value is not None])


def shown(value: Any) -> str:
    """A text on one line as it is, anything else as JSON."""
    return value if isinstance(value, str) and value.isprintable() else json.dumps(value)
