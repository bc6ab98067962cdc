"""Judges the first rows of a file before it is sent, by what the model's columns say."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from queuecast.batches.source import CSV, Source

ROWS = 1000
_NUMBERS = ("int", "float", "Int", "Float", "uint", "UInt")


@dataclass(frozen=True)
class Fault:
    """A line that would not do, and why."""

    line: int
    error: str


@dataclass(frozen=True)
class Judgement:
    """How many rows were looked at, and which would not do."""

    rows: int
    faults: list[Fault]


def judge(source: Source, model: Mapping[str, Any]) -> Judgement:
    """Look at the first thousand rows. What passes may still be refused: a worker looks at all of
    what the model takes, and this at shapes, ids, names of columns and numbers.

    Raises:
        FileError: it cannot be read.
    """
    columns = {column["name"]: column for column in model.get("columns") or ()}
    faults = []
    rows = 0
    for line, found in itertools.islice(_rows(source), ROWS):
        rows += 1
        error = found if isinstance(found, str) else _error(found, columns)
        if error:
            faults.append(Fault(line, error))
    return Judgement(rows, faults)


def _rows(source: Source) -> Iterator[tuple[int, Any]]:
    """The rows with their numbers: objects as /predict takes them, or why there is none."""
    text = io.TextIOWrapper(
        io.BufferedReader(_Blocks(source.blocks())), encoding="utf-8-sig", newline=""
    )
    try:
        if source.sent_as == CSV:
            rows = csv.DictReader(text)
            if "id" not in (rows.fieldnames or ()):
                yield 1, "the first line must name the columns, id among them"
                return
            for number, row in enumerate(rows, 2):
                observed = {name: value or None for name, value in row.items() if name != "id"}
                yield number, {"id": row["id"], "observation": observed}
            return
        for number, line in enumerate(text, 1):
            try:
                yield number, json.loads(line)
            except ValueError as error:
                yield number, f"no JSON: {error}"
    except UnicodeDecodeError as error:
        yield 0, f"not UTF-8: {error}"


def _error(row: Any, columns: Mapping[str, Mapping[str, Any]]) -> str | None:
    if not isinstance(row, dict):
        return "no object"
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), (int, str)):
        return "id must be an integer or a text"
    observation = row.get("observation")
    if not isinstance(observation, dict):
        return "observation must be an object"
    if not columns:
        return None
    unknown = next((name for name in observation if name not in columns), None)
    if unknown is not None:
        return f"the model has no column {unknown!r}"
    for name, column in columns.items():
        value = observation.get(name)
        if value is None:
            if column.get("nullable") is False:
                return f"{name} is missing"
        elif str(column.get("dtype", "")).startswith(_NUMBERS) and not _is_number(value):
            return f"{name} is {value!r}, which is no number"
    return None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file that can be read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """As much as there is, and fits."""
        if not self._rest:
            self._rest = next(self._blocks, b"")
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)
