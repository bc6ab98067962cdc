"""`queuecast pack`: a manifest for three files that exist already."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queuecast.errors import PackError
from queuecast.packing import pickles
from queuecast.packing.answers import Answering
from queuecast.packing.columns import named, refuse_unusable
from queuecast.packing.manifest import COLUMNS, DTYPES, MANIFEST, PIPELINE, Said, seen_in, text_of
from queuecast.packing.plain import key
from queuecast.packing.staging import staged
from queuecast.packing.table import read_table
from queuecast.packing.texts import takes_texts

# Said instead of what only data can show.
_WITHOUT_DATA = (
    "without data there are no golden rows, no ranges and no histograms: a worker cannot see "
    "whether it answers as in training"
)


@dataclass(frozen=True)
class Existing:
    """The three files of a folder, as bytes by name and as what they hold. `columns` are the labels
    of the frame's columns, `dtypes` theirs by the labels' texts; `takes_series` says that the only
    column is given as a Series."""

    files: dict[str, bytes]
    pipeline: Any
    dtypes: dict[str, Any]
    columns: list[str | int]
    takes_series: bool


def pack_existing(
    folder: Path,
    said: Said,
    positive_class: str | None = None,
    data: Path | None = None,
    target: str | None = None,
) -> Path:
    """Write the manifest of three files; they stay as they are.

    `positive_class` is the class, of two, whose probability is `proba`, as a text. `data` is a CSV
    file with the columns of the training frame, and `target` the column in it that the pipeline was
    fitted to. Unpickling runs code: the files must be of somebody you trust.

    Raises:
        PackError: a file is missing or cannot be read as it would be served, or the data is not
            that of the model.
    """
    said.refuse_unusable()
    folder = folder.resolve()
    found = read_existing(folder)
    answering = _answering(found, positive_class)
    modules = pickles.modules_of(found.pipeline)
    if data is None:
        seen = _without_data(found)
    else:
        frame, y = read_table(data, found.columns, found.dtypes, target)
        refuse_unusable(frame)
        seen = seen_in(found.pipeline, answering, frame, y)
    pickles.check_loads(folder / PIPELINE, folder)
    own = [name for name in modules if _lies_in(folder, name)]
    manifest = text_of(said, folder.name, found.files, modules, own, answering, seen)
    with staged(folder, first=MANIFEST) as stage:
        (stage / MANIFEST).write_bytes(manifest)
    return folder / MANIFEST


def read_existing(folder: Path) -> Existing:
    """Read the three files; modules beside them can be imported while unpickling.

    Raises:
        PackError: one is missing or broken, or was written by another scikit-learn.
    """
    missing = [name for name in (PIPELINE, DTYPES, COLUMNS) if not (folder / name).is_file()]
    if missing:
        raise PackError(
            f"{folder} lacks {', '.join(missing)}: name the folder of the three files, or write "
            "them with queuecast.pack"
        )
    files = {name: (folder / name).read_bytes() for name in (PIPELINE, DTYPES, COLUMNS)}
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    pipeline = _unpickled(folder / PIPELINE)
    dtypes = _unpickled(folder / DTYPES)
    try:
        labels = json.loads(files[COLUMNS])
        columns = [labels] if isinstance(labels, str) else list(labels)
        # A single dtype is that of a Series.
        is_series = hasattr(dtypes, "kind") and len(columns) == 1
        by_text = {
            str(n): d for n, d in ({columns[0]: dtypes} if is_series else dict(dtypes)).items()
        }
        takes_series = is_series or (len(columns) == 1 and takes_texts(pipeline))
        return Existing(files, pipeline, by_text, columns, takes_series)
    except (TypeError, ValueError) as error:
        raise PackError(
            f"{COLUMNS} has to be a JSON array of column names and {DTYPES} the dtypes of a frame "
            f"(frame.dtypes): {error}"
        ) from error


def _unpickled(path: Path) -> Any:
    import joblib

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = joblib.load(path)
        except Exception as error:  # unpickling runs anything, so it raises anything
            raise PackError(
                f"{path.name} cannot be read here ({type(error).__name__}: {error}): pack it with "
                "the libraries that it was written with"
            ) from error
    for warning in caught:
        # By its attributes: scikit-learn's class is found at different places in its versions.
        written = getattr(warning.message, "original_sklearn_version", None)
        if written:
            # Golden rows are what the training process says, not what another version makes of it.
            raise PackError(
                f"{path.name} was written with scikit-learn {written} and is read with "
                f"{getattr(warning.message, 'current_sklearn_version', 'another')}: pack it with "
                "the libraries that it was written with"
            )
    return found


def _answering(found: Existing, positive_class: str | None) -> Answering:
    answering = Answering(found.pipeline, takes_series=found.takes_series)
    if positive_class is None:
        return answering
    named_so = [label for label in answering.classes if key(label) == positive_class]
    # What is no class is refused with those that are.
    positive = named_so[0] if len(named_so) == 1 else positive_class
    return Answering(found.pipeline, positive, takes_series=found.takes_series)


def _without_data(found: Existing) -> dict[str, Any]:
    columns: list[dict[str, Any]] = [
        named(str(name), found.dtypes.get(str(name), "object")) for name in found.columns
    ]
    return {
        "rows": None, "columns": columns, "target": None, "score": None, "golden_rows": [],
        "gaps": [_WITHOUT_DATA],
    }  # fmt: skip


def _lies_in(folder: Path, module: str) -> bool:
    return (folder / module).is_dir() or (folder / f"{module}.py").is_file()
