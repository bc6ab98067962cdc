"""Rows as text, a page at a time, so that memory does not grow with the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Row = dict[str, Any]

# A header has to be written before the rows are known, so it is the same for every kind of model;
# the observation, which may be long, comes last.
COLUMNS = (
    "id", "observation_id", "proba", "true_class", "predicted_at", "true_class_at",
    "model_version", "model_name", "prediction", "probas", "score", "observation",
)  # fmt: skip
# A field that holds one of these is quoted (RFC 4180).
_SPECIAL = frozenset('",\r\n')


def json_array(pages: Iterable[list[Row]]) -> Iterator[str]:
    """One array, a row on each line."""
    yield "["
    separator = ""
    for page in pages:
        if page:
            yield separator + ",\n".join(json.dumps(row) for row in page)
            separator = ",\n"
    yield "]\n"


def ndjson(pages: Iterable[list[Row]]) -> Iterator[str]:
    """A row on each line, and nothing else. Of an empty page comes an empty text, so that whoever
    sends it has its turn."""
    for page in pages:
        yield "".join(json.dumps(row) + "\n" for row in page)


def csv(pages: Iterable[list[Row]]) -> Iterator[str]:
    """CSV with a header. Only an empty field is a null; an empty text is one in quotes, as
    PostgreSQL's COPY has it. Texts stay as they are, also those that a spreadsheet would take for a
    formula; arrays and objects are JSON."""
    return csv_rows(pages, COLUMNS)


def csv_rows(pages: Iterable[list[Row]], columns: Sequence[str]) -> Iterator[str]:
    """These columns of rows as CSV, as `csv` has it."""
    yield ",".join(columns) + "\n"
    for page in pages:
        yield "".join(",".join(map(_field, map(row.get, columns))) + "\n" for row in page)


def _field(value: Any) -> str:
    if value is None:
        return ""
    if type(value) in (int, float):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value)
    if text and _SPECIAL.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
