"""A replay for people at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worker.replay.summary import summary
from worker.replay.tables import Table, is_text, tables


def text(found: dict[str, Any]) -> str:
    """Sentences, and tables under them."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for title, said in summary(found):
        yield f"{title:<10} {said}"
    for table in tables(found):
        yield ""
        yield table.title
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    """Columns as wide as their widest text; figures to the right."""
    lines = [table.heads, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    to_the_left = [is_text(column) for column in zip(*table.rows, strict=True)]
    for line in lines:
        cells = (
            f"{cell:<{width}}" if left else f"{cell:>{width}}"
            for cell, width, left in zip(line, widths, to_the_left, strict=True)
        )
        yield f"  {'  '.join(cells)}".rstrip()
