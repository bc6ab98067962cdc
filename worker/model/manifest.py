"""`manifest.json` beside the three files, which `queuecast.pack` writes: what they must answer."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ArtifactError
from worker.model.artifacts import FILES

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
FORMAT = 1
PYTHON = "Python"


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """An observation, and the answer of the process that trained the model."""

    observation: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a model without loading it. `libraries` are the versions that it was trained
    with, Python's among them, `hashes` the SHA-256 of each file, `columns` what the training frame
    showed of each.
    """

    name: str
    version: str
    hashes: dict[str, str]
    libraries: dict[str, str]
    classes: tuple[Any, ...]
    positive_class: Any
    columns: tuple[dict[str, Any], ...]
    metrics: dict[str, Any]
    golden_rows: tuple[GoldenRow, ...]
    # What the golden rows do not show, in words.
    gaps: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest of the model in a folder; None when it has none, or one of other files,
        which the log calls stale.

        Raises:
            ArtifactError: it cannot be read.
        """
        path = folder / MANIFEST
        if not path.exists():
            return None
        try:
            found = cls._of(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(
                f"{path} is no manifest that can be read ({type(error).__name__}: {error}): write "
                "it again with queuecast.pack, or remove it"
            ) from error
        others = [name for name in FILES if found.hashes.get(name) != _hash(folder / name)]
        if others:
            log.warning(
                "%s is stale: it belongs to another %s, so it is not looked at; write it again "
                "with queuecast.pack, or remove it",
                path, " and ".join(others),
            )  # fmt: skip
            return None
        return found

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Manifest:
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, and must be {FORMAT}")
        rows = tuple(
            GoldenRow(dict(r["observation"]), dict(r["answer"])) for r in data["golden_rows"]
        )
        libraries = {**data["libraries"], PYTHON: data["python"]}
        return cls(
            str(data["name"]), str(data["version"]), dict(data["files"]), libraries,
            tuple(data["classes"]), data["positive_class"],
            tuple(dict(column) for column in data["columns"]), dict(data["metrics"]), rows,
            tuple(map(str, data["gaps"])),
        )  # fmt: skip


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
