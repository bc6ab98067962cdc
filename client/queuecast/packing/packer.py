"""`queuecast.pack`: one call at the end of a notebook or a training script."""

from __future__ import annotations

import json
import os
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuecast.errors import PackWarning
from queuecast.packing import pickles
from queuecast.packing.answers import Answering
from queuecast.packing.columns import refuse_unusable
from queuecast.packing.manifest import COLUMNS, DTYPES, MANIFEST, PIPELINE, Said, seen_in, text_of
from queuecast.packing.staging import staged
from queuecast.packing.texts import as_frame, refuse_frame_for_texts

if TYPE_CHECKING:
    import pandas as pd


def pack(
    folder: str | os.PathLike[str],
    pipeline: Any,
    X: pd.DataFrame | pd.Series,  # noqa: N803 - as scikit-learn calls it
    y: Any = None,
    *,
    name: str | None = None,
    version: str | None = None,
    positive_class: Any = None,
    metrics: Mapping[str, Any] | None = None,
) -> Path:
    """Write everything that a service needs of a fitted pipeline into a folder; the manifest.

    `X` is the frame that the pipeline was fitted on, shape (rows, columns), or the Series of texts,
    shape (rows,); and `y` what it was fitted to, shape (rows,). `positive_class` is the class, of
    two, whose probability is `proba`; without it the second of `classes_`. `metrics` are figures of
    your own to be shown beside the model, such as those of your test set. `name` is the folder's
    without it, and `version` the beginning of the files' hash.

    Beside the three files, and the manifest, come modules of your own that the pipeline uses.
    Nothing in the folder is touched before all of it is ready.

    Raises:
        PackError: it could not be served, or not be written; what to do stands in the message.

    Warns:
        PackWarning: what the golden rows do not show, and which rows the pipeline refuses.
    """
    said = Said(name, version, metrics or {})
    said.refuse_unusable()
    refuse_unusable(X)
    frame, is_series = as_frame(X)
    if not is_series:
        refuse_frame_for_texts(pipeline, frame)
    answering = Answering(pipeline, positive_class, takes_series=is_series)
    modules = pickles.modules_of(pipeline)
    seen = seen_in(pipeline, answering, frame, y)
    target = Path(folder)
    with staged(target, first=MANIFEST) as stage:
        own = pickles.copy_own_modules(modules, stage)
        files = {
            PIPELINE: _dumped(pipeline, stage),
            # Of a Series this is its only dtype, by which a service knows what the pipeline takes.
            DTYPES: pickle.dumps(X.dtypes),
            COLUMNS: (json.dumps(list(frame.columns)) + "\n").encode(),
        }
        manifest = text_of(said, target.resolve().name, files, modules, own, answering, seen)
        for file, data in {**files, MANIFEST: manifest}.items():
            (stage / file).write_bytes(data)
        pickles.check_loads(stage / PIPELINE, stage, target)
    if seen["gaps"]:
        warnings.warn("; ".join(seen["gaps"]), PackWarning, stacklevel=2)
    return target / MANIFEST


def _dumped(pipeline: Any, stage: Path) -> bytes:
    import joblib

    path = stage / PIPELINE
    joblib.dump(pipeline, path)
    return path.read_bytes()
