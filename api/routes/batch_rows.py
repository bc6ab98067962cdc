"""What came of a batch's rows, as text: a piece at a time, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from api.http.row_formats import csv_rows, ndjson
from shared.answers import already_exists, does_not_exist
from shared.db.batch_results import Result
from shared.observation_id import ObservationId
from shared.queue.messages import Kind

Row = dict[str, Any]

# The columns are the same for every kind of model: a header is written before any row is known.
OF_PREDICTIONS = ("line", "id", "proba", "prediction", "probas", "score", "error", "warnings")
OF_UPDATES = ("line", "id", "true_class", "proba", "prediction", "error")
_ANSWER = ("proba", "prediction", "probas", "score")


def results_as(form: str, kind: Kind, pages: Iterable[list[Result]]) -> tuple[str, Iterator[str]]:
    """The content type and the text of results in this form, `ndjson` or `csv`."""
    seen = _prediction if kind is Kind.PREDICT else _update
    rows = ([seen(result) for result in page] for page in pages)
    if form == "csv":
        columns = OF_PREDICTIONS if kind is Kind.PREDICT else OF_UPDATES
        return "text/csv; charset=utf-8; header=present", csv_rows(rows, columns)
    return "application/x-ndjson", ndjson(rows)


def _prediction(result: Result) -> Row:
    found: Row = {"line": result.line, "id": result.id}
    row = result.row or {}
    found.update((name, row[name]) for name in _ANSWER if row.get(name) is not None)
    if result.warnings:
        found["warnings"] = result.warnings
    if result.is_duplicate:
        return already_exists(ObservationId.parse(result.id), found)
    return found


def _update(result: Result) -> Row:
    found: Row = {"line": result.line, "id": result.id}
    if result.row is None:
        return found | does_not_exist(ObservationId.parse(result.id))
    found["true_class"] = result.row["true_class"]
    found.update((n, result.row[n]) for n in _ANSWER if result.row.get(n) is not None)
    return found
