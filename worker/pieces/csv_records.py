"""How the records of a CSV are read. Pure.

A field is a text, and only an empty one is a null: "NA", "None" and "nan" are values. Which text is
a number is for the column to say that takes it.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Sequence
from typing import Any

from shared.errors import WrongShapeError
from shared.observation_id import ALLOWED, LARGEST_INTEGER, SMALLEST_INTEGER
from shared.queue.messages import Kind
from worker.pieces.rejects import Reject, reject

ID, TRUE_CLASS = "id", "true_class"
Document = dict[str, Any]
# An integer as it is written again: "007" is a text.
_INTEGER = re.compile(r"-?[1-9][0-9]{0,18}|0")


def split(body: str) -> list[str]:
    """The records of some lines: a newline within quotes ends none."""
    lines = body.split("\n")
    if '"' not in body:
        return lines
    records: list[str] = []
    open_lines: list[str] = []
    for line in lines:
        in_quotes = bool(open_lines) != (line.count('"') % 2 == 1)
        open_lines.append(line)
        if not in_quotes:
            records.append("\n".join(open_lines))
            open_lines = []
    return [*records, "\n".join(open_lines)] if open_lines else records


def read(
    records: Sequence[str], columns: Sequence[str], kind: Kind
) -> tuple[list[Document | None], list[Reject]]:
    """What each record stands for, which is what `/predict` or `/update` takes; None for one that
    is rejected, and the rejects."""
    documents: list[Document | None] = []
    rejects = []
    place_of_id = columns.index(ID) if ID in columns else None
    of_predictions = kind is Kind.PREDICT
    for place, fields in enumerate(_all_fields(records)):
        try:
            values = _values(fields, columns)
            if place_of_id is None or fields[place_of_id] == "":  # type: ignore[index]
                raise WrongShapeError(f"id is missing: it must be {ALLOWED}")
        except WrongShapeError as error:
            rejects.append(reject(place, None, error))
            documents.append(None)
            continue
        sent = identity(values.pop(ID))
        if of_predictions:
            documents.append({ID: sent, "observation": values})
        elif values.get(TRUE_CLASS) is None:
            rejects.append(reject(place, {ID: sent}, WrongShapeError("true_class is missing")))
            documents.append(None)
        else:
            documents.append({ID: sent, TRUE_CLASS: values[TRUE_CLASS]})
    return documents, rejects


def identity(text: Any) -> int | str:
    """The id that a field stands for: an integer, where it is written as one."""
    if _INTEGER.fullmatch(text) and SMALLEST_INTEGER <= int(text) <= LARGEST_INTEGER:
        return int(text)
    return str(text)


def _values(fields: list[str] | csv.Error, columns: Sequence[str]) -> Document:
    if isinstance(fields, csv.Error):
        raise WrongShapeError(f"the line is no CSV: {fields}")
    if not fields:
        raise WrongShapeError("the line is empty")
    if len(fields) != len(columns):
        raise WrongShapeError(f"the line has {len(fields)} fields, and the first {len(columns)}")
    return {name: field or None for name, field in zip(columns, fields, strict=True)}


def _all_fields(records: Sequence[str]) -> list[list[str] | csv.Error]:
    """The fields of each record, or what is wrong with it."""
    # A line may be as long as MAX_BODY, which was seen to when it came.
    csv.field_size_limit(sys.maxsize)
    try:
        found = list(csv.reader(records, strict=True))
    except csv.Error:
        found = []
    # Not of records that the reader took together, since a quote is not closed.
    if len(found) == len(records):
        return [*found]
    return [_fields(record) for record in records]


def _fields(record: str) -> list[str] | csv.Error:
    try:
        return next(csv.reader([record], strict=True), [])
    except csv.Error as error:
        return error
