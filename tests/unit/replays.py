"""Replays that are made up, without a model or a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.db.stored_observations import StoredObservation
from worker.replay.batches import ScoredBatch
from worker.replay.findings import find, name_examples
from worker.replay.replayed import Collector, Replayed

# A stored probability, the candidate's (None: refused), the true class, and the segment.
Row = tuple[float, float | None, Any, Any]


def made_up(rows: int = 400, seed: int = 3) -> list[Row]:
    """A candidate that is a little worse than what is stored; every fifth row has no true class,
    every fiftieth is refused."""
    random = np.random.default_rng(seed)
    found: list[Row] = []
    for number, risk in enumerate(random.random(rows)):
        label = None if number % 5 == 4 else int(random.random() < risk)
        candidate = float(np.clip(risk + random.normal() * 0.15, 0, 1))
        refused = number % 50 == 48
        found.append((float(risk), None if refused else candidate, label, ("a", "b")[number % 2]))
    return found


def collected(
    rows: Sequence[Row], version: str | None = "v1", batch: int = 64, classes: Any = (0, 1)
) -> Replayed:
    """As a replay collects them, the last batch first."""
    collector = Collector(classes, ["part"])
    for start in reversed(range(0, len(rows), batch)):
        part = rows[start : start + batch]
        stored = [
            StoredObservation(start + place + 1, "{}", row[0], row[2], version)
            for place, row in enumerate(part)
        ]
        refusals = {place: "x is 7: too odd" for place, row in enumerate(part) if row[1] is None}
        warnings = {"y is <b>: unknown": len(part)}
        segments = {"part": [row[3] for row in part]}
        collector.add(stored, ScoredBatch([row[1] for row in part], refusals, warnings, segments))
    return collector.replayed()


def found_of(replayed: Replayed, threshold: float = 0.5) -> dict[str, Any]:
    """What a replay finds, as it is told."""
    found = find(replayed, threshold)
    name_examples(found, {int(row): f"<i>{row}</i>" for row in replayed.row_ids})
    found["refusals"]["former"] = {
        "asked": 3, "answered": 1,
        "listed": [{"id": 12, "candidate": 0.25, "reason": "Age is 'x': must be a number"}],
    }  # fmt: skip
    candidate = {
        "version": "<s>1", "classes": ["no", "<u>yes"], "positive_class": "<u>yes",
        "row_by_row": False,
    }  # fmt: skip
    return {
        "folder": "/my/<b>model",
        "candidate": candidate,
        "seconds": 1.25,
        "predicted": ["2026-11-23T11:04:36.281964Z", "2026-11-24T11:04:36.281964Z"],
        **found,
        "conditions": [{"condition": "rows < 3", "value": len(replayed.row_ids), "holds": False}],
    }
