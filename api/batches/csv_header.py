"""The header of a CSV file. Pure."""

from __future__ import annotations

import csv

from shared.errors import WrongShapeError
from shared.queue.messages import Kind
from shared.shown import shown

ID, TRUE_CLASS = "id", "true_class"


def column_names(line: str, kind: Kind) -> list[str]:
    """The names of the columns.

    Raises:
        WrongShapeError: a column is missing that each row needs, or is there twice.
    """
    names = next(csv.reader([line.removesuffix("\r")]), [])
    wanted = (ID,) if kind is Kind.PREDICT else (ID, TRUE_CLASS)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise WrongShapeError(
            f"the first line of the CSV must name its columns, {' and '.join(missing)} among them; "
            f"it is {shown(line)}"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise WrongShapeError(f"the CSV has the column {shown(twice)} twice")
    if kind is Kind.UPDATE and len(names) > len(wanted):
        more = next(name for name in names if name not in wanted)
        raise WrongShapeError(
            f"a CSV of labels has the columns id,true_class, and not {shown(more)}"
        )
    return names
