"""Loads and tries a model in a process of its own, as a worker does: `python -m
worker.checking.examination FOLDER SECONDS MEBIBYTES`, which prints what it found as JSON."""

from __future__ import annotations

import importlib
import json
import logging
import multiprocessing
import os
import re
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from shared.errors import ArtifactError
from worker.model.loading import Model, load
from worker.orphans import end_with_parent
from worker.scoring.framing import Observation
from worker.scoring.scoring import score
from worker.scoring.trial import count_threads, ended, find_out

MIB = 1024 * 1024
# As large as a group may be.
GROUP = 512
_PRIVATE = re.compile(r"^Private_(?:Clean|Dirty): +([0-9]+) kB$", re.MULTILINE)
_RESIDENT = re.compile(r"^VmRSS:\s+([0-9]+) kB$", re.MULTILINE)


def main(arguments: Sequence[str]) -> int:
    """Print what was found; what is wrong with the model stands under `refused`."""
    folder, seconds, mebibytes = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MIB, mebibytes * MIB))
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
            found |= {"parent": _resident(), **_forked(model, folder, seconds)}
    except ArtifactError as error:
        found = {"refused": str(error)}
    except MemoryError:
        found = {"refused": f"it needs more than {mebibytes} MiB of memory"}
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


def _forked(model: Model, folder: Path, seconds: float) -> dict[str, Any]:
    """The same in a forked process, as a worker's are, which shares what has been loaded."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_in_child, args=(sender, model, folder, seconds), daemon=True)
    process.start()
    sender.close()
    try:
        found: dict[str, Any] = json.loads(receiver.recv_bytes())
    except EOFError:
        process.join()
        return {"refused": ended(process.exitcode or 0, seconds)}
    process.join()
    return found


def _in_child(sender: Connection, model: Model, folder: Path, seconds: float) -> None:
    # The parent is killed when the whole takes too long.
    end_with_parent()
    notes = _Notes()
    logging.getLogger().handlers[:] = [notes]
    try:
        found = _examined(model, folder, seconds)
    except ArtifactError as error:
        found = {"refused": str(error)}
    sender.send_bytes(json.dumps({**found, "notes": notes.lines}).encode())
    sender.close()
    os._exit(0)


def _examined(model: Model, folder: Path, seconds: float) -> dict[str, Any]:
    tried = find_out(model, folder, seconds)
    found: dict[str, Any] = {
        "version": model.version,
        "classes": list(model.classes),
        "columns": list(model.columns),
        "written_with": model.written_with,
        "row_by_row": tried.model.row_by_row,
        "golden_rows": 0 if tried.manifest is None else len(tried.manifest.golden_rows),
        "example": tried.answered,
    }
    if tried.answered is not None:
        found |= _measured(tried.model, tried.answered)
    return {**found, "child": _private()}


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


def _private() -> int | None:
    """The bytes that this process shares with no other; None where that is not told."""
    try:
        text = Path("/proc/self/smaps_rollup").read_text()
    except OSError:
        return None
    return 1024 * sum(map(int, _PRIVATE.findall(text)))


def _resident() -> int | None:
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return 1024 * sum(map(int, _RESIDENT.findall(text)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
