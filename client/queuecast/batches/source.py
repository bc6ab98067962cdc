"""The files that are sent: their lines as bytes, from any place on."""

from __future__ import annotations

import gzip
import hashlib
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from queuecast.batches.parquet import as_ndjson
from queuecast.errors import FileError

NDJSON, CSV, PARQUET = "ndjson", "csv", "parquet"
CONTENT_TYPES = {NDJSON: "application/x-ndjson", CSV: "text/csv"}
_ENDINGS = {".ndjson": NDJSON, ".jsonl": NDJSON, ".json": NDJSON, ".csv": CSV, ".parquet": PARQUET}
STANDARD_INPUT = "-"
# How many bytes are read at a time.
BLOCK = 1024 * 1024


class Source:
    """One file, plain or compressed with gzip (`.gz`), or the standard input (`-`).

    `form` is `ndjson`, `csv` or `parquet`; without it the file's name says so. Rows of Parquet are
    sent as NDJSON.

    Raises:
        FileError: it is not there, or its form is not known.
    """

    def __init__(self, path: str, form: str | None = None) -> None:
        self.is_standard_input = path == STANDARD_INPUT
        self.path = Path(path)
        self.name = "standard input" if self.is_standard_input else self.path.name
        self._is_gzip = self.path.suffix == ".gz"
        inner = self.path.with_suffix("") if self._is_gzip else self.path
        found = form or (NDJSON if self.is_standard_input else _ENDINGS.get(inner.suffix.lower()))
        if found is None:
            raise FileError(f"{path}: the name does not say what it is; --format does")
        self.form = found
        if not self.is_standard_input and not self.path.is_file():
            raise FileError(f"{path}: there is no such file")
        if self.form == PARQUET and (self._is_gzip or self.is_standard_input):
            raise FileError(f"{path}: Parquet is read from a file that is not compressed by gzip")

    @property
    def sent_as(self) -> str:
        """`ndjson` or `csv`."""
        return CSV if self.form == CSV else NDJSON

    def size(self) -> int | None:
        """How many bytes will be sent, where that is known before."""
        if self.is_standard_input or self._is_gzip or self.form == PARQUET:
            return None
        return self.path.stat().st_size

    def digest(self, kind: str) -> str:
        """A mark of what is sent, by which a service finds it again: kind, size, hash and name.
        What comes by the standard input cannot come again, so it has one of its own."""
        if self.is_standard_input:
            return f"{kind}:{uuid.uuid4()}"
        found = hashlib.sha256()
        with self.path.open("rb") as file:
            while block := file.read(BLOCK):
                found.update(block)
        return f"{kind}:{self.form}:{self.path.stat().st_size}:{found.hexdigest()}:{self.name}"[
            :500
        ]

    def blocks(self, offset: int = 0) -> Iterator[bytes]:
        """What is sent, from this byte on.

        Raises:
            FileError: it cannot be read.
        """
        try:
            yield from self._skipped(offset)
        except (OSError, EOFError) as error:
            raise FileError(f"{self.path}: {error}") from error

    def _skipped(self, offset: int) -> Iterator[bytes]:
        if self.form == PARQUET:
            yield from _after(as_ndjson(self.path), offset)
            return
        if self.is_standard_input:
            yield from _after(_read(sys.stdin.buffer), offset)
            return
        if self._is_gzip:
            with gzip.open(self.path, "rb") as unpacked:
                yield from _after(_read(unpacked), offset)
            return
        with self.path.open("rb") as file:
            file.seek(offset)
            yield from _read(file)


def _read(file: Any) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _after(blocks: Iterator[bytes], offset: int) -> Iterator[bytes]:
    """The blocks without their first bytes."""
    for block in blocks:
        if offset >= len(block):
            offset -= len(block)
            continue
        yield block[offset:] if offset else block
        offset = 0
