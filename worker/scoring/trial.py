"""A model is tried in a process of its own, before the worker's children are forked.

Threads do not survive a fork: a library that has made some (OpenMP, polars, a pool of the user's)
waits in every child for threads that are not there. So the parent process of a worker never
predicts, and does not even unpickle a model that makes threads by that.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from shared.errors import ArtifactError
from worker.model.artifacts import PIPELINE
from worker.model.description import describe
from worker.model.loading import Model, load
from worker.model.manifest import Manifest
from worker.orphans import end_with_parent
from worker.scoring.framing import Observation
from worker.scoring.golden_rows import check_golden_rows
from worker.scoring.warm_up import warm_up


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found out about a model.

    `makes_threads` says that unpickling it starts threads; `answered` is an observation that it
    answered, of its manifest or made up, if there was one; `description` is that of
    `worker.model.description`.
    """

    version: str
    written_with: str | None
    row_by_row: bool
    makes_threads: bool
    answered: Observation | None
    description: dict[str, Any]


def try_out(folder: Path, limit: float, threads: int) -> Trial:
    """Load and warm up the model of a folder in a forked process.

    `limit` is how long it may take for a group, in seconds, and `threads` how many it may use.

    Raises:
        ArtifactError: it cannot be loaded, does not answer, or not as its manifest says.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    # A daemon, as the children that serve are: a step may not start processes of its own.
    arguments = (sender, folder, limit, threads)
    process = context.Process(target=_try_out, args=arguments, daemon=True)
    process.start()
    sender.close()
    try:
        found: dict[str, Any] = json.loads(receiver.recv_bytes())
    except EOFError:
        process.join()
        raise ArtifactError(ended(process.exitcode or 0, limit)) from None
    process.join()
    if "refused" in found:
        raise ArtifactError(found["refused"])
    return Trial(**found)


def limit_threads(threads: int) -> None:
    """Let the libraries that are loaded use so many, and those of linear algebra one."""
    threadpool_limits(limits={"openmp": threads, "blas": 1})


@dataclass(frozen=True, slots=True)
class Found:
    """What trying a model has shown: how it is to be scored, an observation that it answered, and
    the manifest that it agrees with."""

    model: Model
    answered: Observation | None
    manifest: Manifest | None


def find_out(model: Model, folder: Path, limit: float) -> Found:
    """Try a model on made-up rows and on those of its manifest, in this process, which may hang.

    Raises:
        ArtifactError: it does not answer, or not as its manifest says.
    """
    warmed = warm_up(model, limit)
    row_by_row, answered = warmed.row_by_row, warmed.answered
    manifest = Manifest.read(folder)
    rows = () if manifest is None else manifest.golden_rows
    if manifest is not None and rows:
        row_by_row |= check_golden_rows(replace(model, row_by_row=row_by_row), manifest, limit)
        # A row of the training frame is a better example than one that was made up.
        answered = rows[0].observation
    return Found(replace(model, row_by_row=row_by_row), answered, manifest)


def _try_out(sender: Connection, folder: Path, limit: float, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()
    limit_threads(threads)
    before = count_threads()
    try:
        model = load(folder)
        makes_threads = before is None or count_threads() != before
        limit_threads(threads)  # unpickling may have loaded more libraries
        tried = find_out(model, folder, limit)
        found = {
            "version": model.version,
            "written_with": model.written_with,
            "row_by_row": tried.model.row_by_row,
            "makes_threads": makes_threads,
            "answered": tried.answered,
            "description": describe(tried.model, tried.manifest, tried.answered),
        }
    except ArtifactError as error:
        found = {"refused": str(error)}
    sender.send_bytes(json.dumps(found).encode())
    sender.close()
    # No `atexit`: what the model registered there may wait for ever.
    os._exit(0)


def count_threads() -> int | None:
    """How many threads this process has; None where that cannot be seen."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return None


def ended(exit_code: int, limit: float) -> str:
    """Why the process that tried a model has ended without a word."""
    if exit_code == -signal.SIGALRM:
        return f"{PIPELINE} has not answered a made-up observation in {limit:g} s (TASK_LIMIT)"
    how = f"by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"with code {exit_code}"
    return f"{PIPELINE}: the process that tried it was ended {how}"
