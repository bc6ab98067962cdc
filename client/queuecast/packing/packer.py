"""`queuecast.pack`: one call at the end of a notebook or a training script."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError
from queuecast.packing import pickles
from queuecast.packing.answers import CLASSIFIER, REGRESSOR, Answering
from queuecast.packing.columns import describe, histogram, refuse_unusable
from queuecast.packing.golden_rows import golden_rows
from queuecast.packing.plain import key, plain

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
PIPELINE, DTYPES, COLUMNS, MANIFEST = (
    "pipeline.pickle", "dtypes.pickle", "columns.json", "manifest.json",
)  # fmt: skip


def pack(
    folder: str | os.PathLike[str],
    pipeline: Any,
    X: pd.DataFrame,  # noqa: N803 - as scikit-learn calls it
    y: Any = None,
    *,
    name: str | None = None,
    version: str | None = None,
    positive_class: Any = None,
    metrics: Mapping[str, Any] | None = None,
) -> Path:
    """Write everything that a service needs of a fitted pipeline into a folder; the manifest.

    `X` is the frame that the pipeline was fitted on, shape (rows, columns), and `y` what it was
    fitted to, shape (rows,). `positive_class` is the class, of two, whose probability is `proba`;
    without it the second of `classes_`. `metrics` are figures of your own to be shown beside the
    model, such as those of your test set. `name` is the folder's without it, and `version` the
    beginning of the files' hash.

    Beside the three files, and the manifest, come modules of your own that the pipeline uses.

    Raises:
        PackError: it could not be served; what to do stands in the message.
    """
    refuse_unusable(X)
    answering = Answering(pipeline, positive_class)
    asked = pickles.asked_for(pipeline)
    modules = sorted({module.partition(".")[0] for module, _ in asked})
    rows = golden_rows(answering, X)
    if not rows:
        raise PackError(
            "the pipeline answers no row of X by itself: pack the frame that it was fitted on, "
            "with its columns as they were"
        )
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    own = pickles.copy_own_modules(modules, target)
    files = {
        PIPELINE: _dumped(pipeline, target),
        DTYPES: pickle.dumps(X.dtypes),
        COLUMNS: (json.dumps(list(X.columns)) + "\n").encode(),
    }
    for file, data in files.items():
        _write(target / file, data)
    pickles.check_loads(target, PIPELINE)
    hashes = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    whole = hashlib.sha256(b"".join(files.values())).hexdigest()
    manifest = {
        "format": FORMAT,
        "name": name or target.resolve().name,
        "version": version or whole[:16],
        "packed_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "files": hashes,
        "python": platform.python_version(),
        "libraries": pickles.versions(modules),
        "own_modules": own,
        "kind": answering.kind,
        "classes": answering.classes,
        "positive_class": answering.positive_class,
        "rows": len(X),
        "columns": [describe(X[column]) for column in X.columns],
        "target": _target(answering, y),
        "score": _score(answering, pipeline, X),
        "metrics": dict(metrics or {}),
        "golden_rows": rows,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    _write(target / MANIFEST, f"{text}\n".encode())
    return target / MANIFEST


def _dumped(pipeline: Any, folder: Path) -> bytes:
    import joblib

    part = folder / f".{PIPELINE}.part"
    try:
        joblib.dump(pipeline, part)
        return part.read_bytes()
    finally:
        part.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever reads half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _target(answering: Answering, y: Any) -> dict[str, Any] | None:
    """How the true values are distributed, when they are given."""
    if y is None:
        return None
    import numpy as np

    values = np.asarray(y)
    if answering.kind == REGRESSOR:
        return histogram(values) if values.ndim == 1 else None
    labels, counts = np.unique(values, return_counts=True)
    return {"values": [[plain(label), int(n)] for label, n in zip(labels, counts)], "others": 0}


def _score(answering: Answering, pipeline: Any, frame: pd.DataFrame) -> dict[str, Any] | None:
    """How the pipeline's answers to its training frame are distributed: the probability of the
    positive class of two, or a single number; None for what is neither."""
    if answering.kind == CLASSIFIER and answering.positive_class is not None:
        place = [key(c) for c in answering.classes].index(key(answering.positive_class))
        return histogram(pipeline.predict_proba(frame)[:, place])
    if answering.kind == REGRESSOR:
        predicted = pipeline.predict(frame)
        return histogram(predicted) if getattr(predicted, "ndim", 1) == 1 else None
    return None
