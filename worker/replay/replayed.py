"""What stored rows were told, and what the candidate says of them, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.db.stored_observations import StoredObservation
from shared.errors import WrongShapeError
from worker.replay.batches import MOST_TEXTS, OTHERS, ScoredBatch
from worker.replay.segments import SegmentColumn
from worker.scoring.true_class import recognise_class

# What `labels` has beside the place of a class among the candidate's.
UNLABELLED, OTHER_CLASS = -1, -2


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows refused for one reason: how many, and the `id` of the first one."""

    rows: int
    first: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A value of each array for each row, shape (rows,), by the rows' `id`.

    `candidate` is NaN where it refused. `labels` is the place of the true class among the
    candidate's, or `UNLABELLED`, or `OTHER_CLASS` for one that it does not know. `versions` are
    places in `version_names`, and `segments` codes of each column's `SegmentColumn`.
    """

    row_ids: NDArray[np.int64]
    stored: NDArray[np.float64]
    candidate: NDArray[np.float64]
    labels: NDArray[np.int16]
    versions: NDArray[np.int32]
    version_names: tuple[str | None, ...]
    segments: dict[str, tuple[SegmentColumn, NDArray[np.int32]]]
    refusals: dict[str, Refusal]
    warnings: dict[str, int]

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which rows the candidate did not refuse."""
        return ~np.isnan(self.candidate)


class Collector:
    """Takes scored batches in any order. It keeps some 35 bytes of each row."""

    def __init__(self, classes: Sequence[Any], columns: Sequence[str]) -> None:
        self._classes = list(classes)
        self._known: dict[tuple[type, Any], int] = {}
        self._versions: dict[str | None, int] = {}
        self._columns = {name: SegmentColumn() for name in columns}
        self._chunks: list[tuple[int, list[NDArray[Any]]]] = []
        self._refusals: dict[str, Refusal] = {}
        self._warnings: Counter[str] = Counter()

    def add(self, rows: Sequence[StoredObservation], scored: ScoredBatch) -> None:
        """Rows, at least one, and what the candidate said of them."""
        chunk: list[NDArray[Any]] = [
            np.array([row.row_id for row in rows], dtype=np.int64),
            np.array([row.proba for row in rows], dtype=np.float64),
            # A `None` becomes NaN.
            np.array(scored.probas, dtype=np.float64),
            np.array([self._label(row.true_class) for row in rows], dtype=np.int16),
            np.array([self._version(row.model_version) for row in rows], dtype=np.int32),
        ]
        chunk += [column.add(scored.segments[name]) for name, column in self._columns.items()]
        self._chunks.append((rows[0].row_id, chunk))
        for place, reason in scored.refusals.items():
            self._refuse(reason, rows[place].row_id)
        self._warnings.update(scored.warnings)

    def replayed(self) -> Replayed:
        """All of them; at least one was added."""
        self._chunks.sort(key=lambda chunk: chunk[0])
        parts = zip(*(arrays for _, arrays in self._chunks), strict=True)
        row_ids, stored, candidate, labels, versions, *codes = map(np.concatenate, parts)
        segments = {
            name: (column, found)
            for (name, column), found in zip(self._columns.items(), codes, strict=True)
        }
        return Replayed(
            row_ids, stored, candidate, labels, versions, tuple(self._versions), segments,
            self._refusals, dict(self._warnings.most_common(MOST_TEXTS)),
        )  # fmt: skip

    def _label(self, true_class: Any) -> int:
        if true_class is None:
            return UNLABELLED
        key = (type(true_class), true_class)
        if key not in self._known:
            self._known[key] = self._place(true_class)
        return self._known[key]

    def _place(self, true_class: Any) -> int:
        try:
            known = recognise_class(true_class, self._classes)
        except WrongShapeError:
            return OTHER_CLASS
        return self._classes.index(known) if known in self._classes else OTHER_CLASS

    def _version(self, version: str | None) -> int:
        return self._versions.setdefault(version, len(self._versions))

    def _refuse(self, reason: str, row_id: int) -> None:
        if reason not in self._refusals and len(self._refusals) >= MOST_TEXTS:
            reason = OTHERS
        found = self._refusals.get(reason, Refusal(0, row_id))
        self._refusals[reason] = Refusal(found.rows + 1, min(found.first, row_id))
