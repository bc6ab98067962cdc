"""How the lines of a piece are read, whatever format they have. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.queue.messages import Kind
from worker.pieces import csv_records, ndjson
from worker.pieces.rejects import Reject

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadLines:
    """The lines of a piece as they are, what each holds (None where it is rejected), and the
    rejects. `strictly` reads the line at a place as slowly and strictly as a request's body, where
    its document may not say all; None where it does. Values of a CSV are texts: `are_texts`."""

    texts: Sequence[str]
    documents: list[Document | None]
    rejects: list[Reject] = field(default_factory=list)
    strictly: Callable[[int], Document | Reject] | None = None
    are_texts: bool = False


def split(body: str, format: str) -> list[str]:
    """The lines of a piece, without what ends them: of a CSV its records."""
    lines = csv_records.split(body) if format == "csv" else body.split("\n")
    return [line.rstrip("\r") for line in lines] if "\r" in body else lines


def read(texts: Sequence[str], format: str, columns: Sequence[str] | None, kind: Kind) -> ReadLines:
    """Read lines as bodies of `/predict`, or of `/update`, are read; `columns` are a CSV's."""
    if format == "csv":
        documents, rejects = csv_records.read(texts, columns or (), kind)
        return ReadLines(texts, documents, rejects, are_texts=True)
    read_all = ndjson.read_predictions if kind is Kind.PREDICT else ndjson.read_updates
    documents, rejects = read_all(texts)
    return ReadLines(
        texts, documents, rejects, lambda place: ndjson.read_strictly(texts[place], place, kind)
    )
