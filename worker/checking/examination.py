"""Loads and tries a model in a process of its own, as a worker does: `python -m
worker.checking.examination FOLDER SECONDS MEBIBYTES`, which prints what it found as JSON."""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shared.errors import ArtifactError
from worker.checking.memory_limit import limit_memory
from worker.model.loading import Model, load
from worker.scoring.forked import in_fork
from worker.scoring.framing import Observation
from worker.scoring.scoring import score
from worker.scoring.trial import count_threads, find_out

# As large as a group may be.
GROUP = 512
# What a process shares with no other, and all that it has in memory.
_PRIVATE = re.compile(r"^Private_(?:Clean|Dirty): +([0-9]+) kB$", re.MULTILINE)
_RESIDENT = re.compile(r"^VmRSS:\s+([0-9]+) kB$", re.MULTILINE)


def main(arguments: Sequence[str]) -> int:
    """Print what was found; what is wrong with the model stands under `refused`."""
    folder, seconds, mebibytes = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    limit_memory(mebibytes)
    notes = _Notes()
    logging.getLogger().addHandler(notes)
    # So that the memory is that of a worker.
    importlib.import_module("worker.app")
    began = time.monotonic()
    before = count_threads()
    try:
        model = load(folder)
        found: dict[str, Any] = {"loaded_in": time.monotonic() - began}
        if before is None or count_threads() != before:
            # It cannot be forked from here on: in a worker each process loads it by itself.
            found |= {"parent": None, **_examined(model, folder, seconds)}
        else:
            # As a worker's children are, which share what has been loaded.
            found["parent"] = _kibibytes("status", _RESIDENT)
            found |= in_fork(partial(_in_child, model, folder, seconds), seconds, "--seconds")
    except ArtifactError as error:
        found = {"refused": str(error)}
    except MemoryError:
        found = {"refused": f"it needs more than {mebibytes} MiB of memory (--memory)"}
    found["notes"] = [*notes.lines, *found.pop("notes", ())]
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    # No `atexit`: what the model registered there may wait for ever.
    os._exit(0)


class _Notes(logging.Handler):
    """Keeps what the log would say."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _in_child(model: Model, folder: Path, seconds: float) -> dict[str, Any]:
    notes = _Notes()
    logging.getLogger().handlers[:] = [notes]
    try:
        found = _examined(model, folder, seconds)
    except ArtifactError as error:
        found = {"refused": str(error)}
    return {**found, "notes": notes.lines}


def _examined(model: Model, folder: Path, seconds: float) -> dict[str, Any]:
    tried = find_out(model, folder, seconds)
    found: dict[str, Any] = {
        "version": model.version,
        "kind": model.answering.kind,
        "classes": list(model.answering.classes),
        "columns": list(model.columns),
        "written_with": model.written_with,
        "row_by_row": tried.model.row_by_row,
        "golden_rows": 0 if tried.manifest is None else len(tried.manifest.golden_rows),
        "gaps": [] if tried.manifest is None else list(tried.manifest.gaps),
        "example": tried.answered,
    }
    if tried.answered is not None:
        found |= _measured(tried.model, tried.answered)
    return {**found, "child": _kibibytes("smaps_rollup", _PRIVATE)}


def _measured(model: Model, observation: Observation) -> dict[str, float]:
    """The milliseconds of one observation, and of a whole group."""
    body = json.dumps({"id": 0, "observation": observation})
    return {
        "milliseconds_alone": _median([body], model, 9),
        "milliseconds_of_group": _median([body] * GROUP, model, 3),
    }


def _median(bodies: Sequence[str], model: Model, times: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        score(bodies, model)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def _kibibytes(file: str, figures: re.Pattern[str]) -> int | None:
    """The sum in bytes of what the system tells of this process in KiB; None where it does not."""
    try:
        text = Path("/proc/self", file).read_text()
    except OSError:
        return None
    return 1024 * sum(map(int, figures.findall(text)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
