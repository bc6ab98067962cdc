"""`manifest.json`: what a service needs to know of a pipeline without loading it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from queuecast.errors import PackError
from queuecast.packing import pickles
from queuecast.packing.answers import CLASSIFIER, REGRESSOR, Answering
from queuecast.packing.columns import describe, histogram
from queuecast.packing.coverage import infinite_values
from queuecast.packing.golden_rows import golden_rows
from queuecast.packing.plain import key, plain, plain_figures

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
PIPELINE, DTYPES, COLUMNS, MANIFEST = (
    "pipeline.pickle", "dtypes.pickle", "columns.json", "manifest.json",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What whoever packs says of a model. `metrics` are figures to be shown beside it."""

    name: str | None = None
    version: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def refuse_unusable(self) -> None:
        """See that the manifest can have it.

        Raises:
            PackError: a name that is no text, or a metric that JSON does not have.
        """
        for what, given in (("name", self.name), ("version", self.version)):
            if given is not None and not (isinstance(given, str) and given.strip()):
                raise PackError(f"the {what} is {given!r}, and must be a text that is not empty")
        if not isinstance(self.metrics, Mapping):
            raise PackError(
                f"metrics is a {type(self.metrics).__name__}, and must be figures by name: "
                '{"auc": 0.87}'
            )
        plain_figures(self.metrics)


def seen_in(pipeline: Any, answering: Answering, frame: pd.DataFrame, y: Any) -> dict[str, Any]:
    """The part of a manifest that a training frame shows.

    Raises:
        PackError: the pipeline does not answer it, or it holds what no observation can.
    """
    columns = [describe(frame[column]) for column in frame.columns]
    golden = golden_rows(answering, frame)
    if not golden.rows:
        reason = next(iter(golden.refused), "no row was tried")
        raise PackError(
            "the pipeline answers no row of X by itself: pack the frame that it was fitted on, "
            f"with its columns as they were ({reason})"
        )
    gaps = [*_infinite(frame), *golden.gaps]
    try:
        score = _score(answering, pipeline, frame)
    except Exception as error:  # a pipeline raises what it likes
        score = None
        first = (str(error).strip().splitlines() or [""])[0]
        gaps.append(
            "how the answers are distributed is not known, since the pipeline does not answer X as "
            f"a whole: {type(error).__name__}: {first[:200]}"
        )
    return {
        "rows": len(frame),
        "columns": columns,
        "target": _target(answering, y),
        "score": score,
        "golden_rows": golden.rows,
        "gaps": gaps,
    }


def _infinite(frame: pd.DataFrame) -> list[str]:
    """What is said of numbers that no observation can have."""
    counts = {name: infinite_values(frame[name]) for name in frame.columns}
    return [
        f"{count} infinite values of {name!r} count nowhere: JSON has no such number"
        for name, count in counts.items()
        if count
    ]


def text_of(
    said: Said,
    folder_name: str,
    files: Mapping[str, bytes],
    modules: list[str],
    own_modules: list[str],
    answering: Answering,
    seen: Mapping[str, Any],
) -> bytes:
    """A manifest's text. `files` are the three by name, `modules` the top-level ones that the
    pickle asks for, and `seen` what `seen_in` found, or what is known without data.

    Raises:
        PackError: JSON cannot hold it.
    """
    whole = hashlib.sha256(b"".join(files[name] for name in (PIPELINE, DTYPES, COLUMNS)))
    manifest = {
        "format": FORMAT,
        "name": said.name or folder_name,
        "version": said.version or whole.hexdigest()[:16],
        "packed_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "python": platform.python_version(),
        "libraries": pickles.versions(modules),
        "own_modules": own_modules,
        "kind": answering.kind,
        "classes": answering.classes,
        "positive_class": answering.positive_class,
        "rows": seen["rows"],
        "columns": seen["columns"],
        "target": seen["target"],
        "score": seen["score"],
        "metrics": plain_figures(said.metrics),
        "golden_rows": seen["golden_rows"],
        "gaps": seen["gaps"],
    }
    try:
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()
    except (TypeError, ValueError) as error:
        raise PackError(
            f"JSON cannot hold what the manifest says ({error}): look for such a value in X, y, "
            "the classes, the name or the metrics"
        ) from error


def _target(answering: Answering, y: Any) -> dict[str, Any] | None:
    """How the true values are distributed, when they are given."""
    if y is None:
        return None
    import numpy as np

    try:
        values = np.asarray(y)
        if answering.kind == REGRESSOR:
            return histogram(values) if values.ndim == 1 else None
        labels, counts = np.unique(values, return_counts=True)
        counted = [[plain(label), int(n)] for label, n in zip(labels, counts)]
    except Exception as error:  # of values of whatever types
        raise PackError(
            f"y cannot be counted ({type(error).__name__}: {error}): give the true values that the "
            "pipeline was fitted to, or leave it out"
        ) from error
    return {"values": counted, "others": 0}


def _score(answering: Answering, pipeline: Any, frame: pd.DataFrame) -> dict[str, Any] | None:
    """How the pipeline's answers to its training frame are distributed: the probability of the
    positive class of two, or a single number; None for what is neither."""
    if answering.kind == CLASSIFIER and answering.positive_class is not None:
        place = [key(c) for c in answering.classes].index(key(answering.positive_class))
        return histogram(pipeline.predict_proba(answering.given(frame))[:, place])
    if answering.kind == REGRESSOR:
        predicted = pipeline.predict(answering.given(frame))
        return histogram(predicted) if getattr(predicted, "ndim", 1) == 1 else None
    return None
