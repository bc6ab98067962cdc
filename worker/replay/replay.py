"""The steps of a replay: try the candidate, score the rows with it, compare."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from shared.db.engine import Database
from shared.db.seen_rows import timestamp
from shared.db.stored_observations import Extent, observation_ids, pages
from shared.errors import ArtifactError, StartError
from shared.model_kind import ModelKind
from worker.model.artifacts import PIPELINE
from worker.model.loading import warn_of_version
from worker.replay.findings import example_rows, find, name_examples
from worker.replay.former_refusals import former_refusals
from worker.replay.options import Options
from worker.replay.progress import Progress
from worker.replay.replayed import Collector, Replayed
from worker.replay.scoring_pool import Batch, ScoringPool
from worker.replay.scoring_process import Candidate
from worker.scoring.trial import Trial, try_out


def replay(
    options: Options, database: Database, rows: Extent, limit: float, processes: int, threads: int
) -> dict[str, Any]:
    """All that is found out about a candidate, as JSON. `limit` is how many seconds it may take for
    a batch, `threads` how many each process may use. At least one row.

    Raises:
        ArtifactError: a worker would refuse the candidate, or it is of another kind than these.
        StartError: no observation has a column that was asked for.
        DatabaseAwayError: the database does not answer.
    """
    began = time.monotonic()
    # Nothing that is connected is to be carried across a fork.
    database.close()
    trial = try_out(options.folder, limit, threads)
    warn_of_version(trial.written_with)
    classes = _negative_and_positive(trial)
    candidate = Candidate(options.folder, trial, limit, threads, options.segments)
    with ScoringPool(candidate, processes) as pool:
        collector = Collector(classes, options.segments)
        replayed = _scored(pages(database, options.selection, rows), rows.rows, pool, collector)
        _refuse_unknown_segments(replayed, trial)
        found = find(replayed, options.threshold)
        found["refusals"]["former"] = former_refusals(database, options.selection, rows, pool)
    name_examples(found, observation_ids(database, example_rows(found)))
    return {
        "folder": str(options.folder),
        "candidate": {
            "version": trial.version,
            "classes": classes,
            "positive_class": classes[1],
            "row_by_row": trial.row_by_row,
        },
        "seconds": time.monotonic() - began,
        "predicted": [timestamp(rows.earliest), timestamp(rows.latest)],
        **found,
        "conditions": [condition.judge(found) for condition in options.conditions],
    }


def _negative_and_positive(trial: Trial) -> tuple[Any, Any]:
    details = trial.description["details"]
    classes, positive = details["classes"], details["positive_class"]
    if details["kind"] != ModelKind.CLASSIFIER or len(classes) != 2:
        of = f" of {len(classes)} classes" if classes else ""
        raise ArtifactError(
            f"{PIPELINE} is a {details['kind']}{of}: only classifiers of two classes are replayed"
        )
    return classes[classes.index(positive) - 1], positive


def _scored(
    batches: Iterator[Batch], rows: int, pool: ScoringPool, collector: Collector
) -> Replayed:
    progress = Progress(sys.stderr, rows)
    try:
        for batch, scored in pool.score(batches):
            collector.add(batch, scored)
            progress.add(len(batch))
    finally:
        progress.clear()
    return collector.replayed()


def _refuse_unknown_segments(replayed: Replayed, trial: Trial) -> None:
    for name, (column, _) in replayed.segments.items():
        if column.is_empty:
            columns = ", ".join(trial.description["columns"])
            raise StartError(
                f"--segment {name!r}: no stored observation has that; the model has {columns}"
            )
