"""A model is tried in a process of its own, before the worker's children are forked.

Threads do not survive a fork: a library that has made some (OpenMP, polars, a pool of the user's)
waits in every child for threads that are not there. So the parent process of a worker never
predicts, and does not even unpickle a model that makes threads by that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

# Of what nearly every pipeline is made. Loaded here, before this process forks: else it is loaded
# in the process that tries the model, and once more in this one.
import sklearn.impute
import sklearn.linear_model
import sklearn.pipeline  # noqa: F401
from threadpoolctl import threadpool_limits

from shared.errors import ArtifactError
from shared.model_kind import ModelKind
from worker.model.description import describe
from worker.model.kind_of_model import warn_of_pairs
from worker.model.loading import Model, load
from worker.model.manifest import Manifest
from worker.model.model_files import ModelFiles
from worker.model.trained_with import log_other_versions
from worker.scoring.forked import in_fork
from worker.scoring.framing import Observation
from worker.scoring.golden_rows import check_golden_rows
from worker.scoring.scoring import score
from worker.scoring.time_limit import time_limit
from worker.scoring.warm_up import warm_up


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found out about a model.

    `positive_class` is that of its manifest, and `outputs` how many numbers a regressor gives;
    `makes_threads` says that unpickling it starts threads; `answered` is an observation that it
    answered, of its manifest or made up, if there was one; `description` is that of
    `worker.model.description`.
    """

    version: str
    written_with: str | None
    row_by_row: bool
    positive_class: Any
    outputs: int | None
    makes_threads: bool
    answered: Observation | None
    description: dict[str, Any]

    def load(self, folder: Path, files: ModelFiles | None = None) -> Model:
        """The model that was tried, from its folder or from what its files held then; to be scored
        as the trial has found.

        Raises:
            ArtifactError: it cannot be unpickled, or is not the one that was tried.
        """
        model = load(folder, files)
        if model.version != self.version:
            raise ArtifactError(f"the files in {folder} have changed since they were tried")
        answering = model.answering.with_positive_class(self.positive_class)
        answering = replace(answering, outputs=self.outputs)
        return replace(model, row_by_row=self.row_by_row, answering=answering)


# How often the files may be replaced while they are tried.
_TRIES = 3


def try_steady(folder: Path, limit: float, threads: int) -> tuple[ModelFiles, Trial]:
    """Read the files of a folder once, and try what they hold, as `try_out` does. Where they are
    replaced meanwhile, they are read again: some would be of one model and some of another.

    Raises:
        ArtifactError: as `try_out`; or they are replaced again and again.
    """
    for _ in range(_TRIES):
        files = ModelFiles.read(folder)
        try:
            trial = try_out(folder, limit, threads, files)
        except ArtifactError:
            if not files.have_changed():
                raise
        else:
            if not files.have_changed():
                return files, trial
    raise ArtifactError(
        f"the files in {folder} were replaced while they were tried: wait until all of them are "
        "there"
    )


def try_out(folder: Path, limit: float, threads: int, files: ModelFiles | None = None) -> Trial:
    """Load and warm up the model of a folder, or what its files held, in a forked process.

    `limit` is how long it may take for a group, in seconds, and `threads` how many it may use.

    Raises:
        ArtifactError: it cannot be loaded, does not answer, or not as its manifest says.
    """
    return Trial(**in_fork(partial(_try_out, folder, limit, threads, files), limit, "TASK_LIMIT"))


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
    manifest = Manifest.read(folder)
    if manifest is not None:
        # Before anything is tried: what fails may fail by that.
        log_other_versions(manifest.libraries)
        answering = model.answering.with_positive_class(manifest.positive_class)
        model = replace(model, answering=answering)
    warn_of_pairs(model.pipeline, model.answering)
    warmed = warm_up(model, limit)
    row_by_row, answered = warmed.row_by_row, warmed.answered
    rows = () if manifest is None else manifest.golden_rows
    if manifest is not None and rows:
        row_by_row |= check_golden_rows(replace(model, row_by_row=row_by_row), manifest, limit)
        # A row of the training frame is a better example than one that was made up.
        answered = rows[0].observation
    answering = replace(model.answering, outputs=_outputs(model, answered, limit))
    return Found(replace(model, row_by_row=row_by_row, answering=answering), answered, manifest)


def _outputs(model: Model, answered: Observation | None, limit: float) -> int | None:
    """How many numbers a regressor gives for a row; None of other models, or where it is not
    known."""
    if answered is None or model.answering.kind is not ModelKind.REGRESSOR:
        return None
    with time_limit(limit):
        (found,) = score([json.dumps({"id": 0, "observation": answered})], model)
    prediction = (found.body or {}).get("prediction")
    return len(prediction) if isinstance(prediction, list) else 1


def _try_out(folder: Path, limit: float, threads: int, files: ModelFiles | None) -> dict[str, Any]:
    limit_threads(threads)
    before = count_threads()
    model = load(folder, files)
    makes_threads = before is None or count_threads() != before
    limit_threads(threads)  # unpickling may have loaded more libraries
    tried = find_out(model, folder, limit)
    return {
        "version": model.version,
        "written_with": model.written_with,
        "row_by_row": tried.model.row_by_row,
        "positive_class": tried.model.answering.positive_class,
        "outputs": tried.model.answering.outputs,
        "makes_threads": makes_threads,
        "answered": tried.answered,
        "description": describe(tried.model, tried.manifest, tried.answered),
    }


def count_threads() -> int | None:
    """How many threads this process has; None where that cannot be seen."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return None
