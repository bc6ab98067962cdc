"""Rows of a Parquet file as lines of NDJSON; it needs pyarrow."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from queuecast.errors import FileError
from queuecast.packing.plain import plain

# How many rows are read at a time.
ROWS = 10_000
_OF_UPDATES = {"id", "true_class"}


def as_ndjson(path: Path) -> Iterator[bytes]:
    """Blocks of lines: a column `id`, and either the model's columns, or `observation` whose
    values are structures, or `true_class`.

    Raises:
        FileError: pyarrow is not installed, or the file is no Parquet with a column `id`.
    """
    try:
        pyarrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise FileError(
            f"{path}: reading Parquet needs pyarrow: pip install 'queuecast[parquet]'"
        ) from error
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        if "id" not in names:
            raise FileError(f"{path}: it has no column id, only {', '.join(names)}")
        whole = set(names) in (_OF_UPDATES, {"id", "observation"})
        for batch in file.iter_batches(batch_size=ROWS):
            rows = batch.to_pylist()
            yield b"".join(_line(row if whole else _request(row)) for row in rows)
    except pyarrow.ArrowException as error:
        raise FileError(f"{path}: {error}") from error


def _request(row: dict[str, Any]) -> dict[str, Any]:
    observation = {name: value for name, value in row.items() if name != "id"}
    return {"id": row["id"], "observation": observation}


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, default=plain).encode() + b"\n"
