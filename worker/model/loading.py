"""The three files: read, checked and unpickled once, before the worker forks.

They come from `MODEL_DIR` and nowhere else. Unpickling runs code, so whoever can write to that
folder can do anything that the worker can.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import sklearn

from shared.errors import ArtifactError, UnansweredError
from worker.model.answering import Answering
from worker.model.answers import Answer
from worker.model.artifacts import COLUMNS, DTYPES, PIPELINE
from worker.model.cure import cure
from worker.model.kind_of_model import answering_of
from worker.model.model_files import ModelFiles
from worker.model.training_frame import (
    begins_with_vectorizer,
    dtypes_of,
    is_dtype,
    read_labels,
)

log = logging.getLogger(__name__)

# The key, perhaps remembered (MEMOIZE, BINPUT, LONG_BINPUT), and the string that follows it
# (SHORT_BINUNICODE, BINUNICODE). Read as bytes: joblib puts arrays between a pickle's opcodes.
_VERSION = re.compile(
    rb"_sklearn_version(?:\x94|q.|r....)?(?:\x8c.|X.\x00\x00\x00)([0-9]+\.[0-9a-z.+]*)", re.DOTALL
)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted pipeline and the frame that it was fitted on; equal to itself only.

    `columns` are the frame's columns in order, each by its text; `dtypes` maps each to its
    pandas dtype; `answering` says how it is asked and what it answers;
    `version` is the beginning of the SHA-256 of the three files; `row_by_row` says that an answer
    depends on what else is in the frame, so that each row needs a frame of its own;
    `written_with` is the scikit-learn version that the pipeline was written with, where known;
    `labels` are the columns' labels in the frame, where one of them is no text; `takes_series` says
    that the pipeline is given its only column as a Series.
    """

    pipeline: Any
    columns: tuple[str, ...]
    dtypes: dict[str, Any]
    answering: Answering
    version: str
    row_by_row: bool = False
    written_with: str | None = None
    labels: tuple[str | int, ...] | None = None
    takes_series: bool = False

    def answers(self, frame: pd.DataFrame) -> list[Answer | UnansweredError]:
        """One for each row of the frame, in order; and what is raised: as `Answering.answers`."""
        return self.answering.answers(self.pipeline, frame)


def load(folder: Path, files: ModelFiles | None = None) -> Model:
    """Read the model from a folder, or from what its files held. Packages beside the files can be
    imported while unpickling.

    Raises:
        ArtifactError: a file is missing, broken, or was written by other library versions.
    """
    files = files or ModelFiles.read(folder)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    labels = read_labels(folder / COLUMNS, files.contents[COLUMNS])
    columns = tuple(str(label) for label in labels)
    found, _ = _unpickle(folder / DTYPES, files)
    dtypes = dtypes_of(found, columns, folder / DTYPES)
    pipeline, written = _unpickle(folder / PIPELINE, files)
    answering = answering_of(pipeline, folder / PIPELINE)
    takes_series = is_dtype(found) or (len(columns) == 1 and begins_with_vectorizer(pipeline))
    return Model(
        pipeline, columns, dtypes, answering, files.version,
        written_with=written, labels=labels, takes_series=takes_series,
    )  # fmt: skip


def _unpickle(path: Path, files: ModelFiles) -> tuple[Any, str | None]:
    """What the file holds, and the scikit-learn version that it was written with, where known."""
    content = files.contents[path.name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = joblib.load(io.BytesIO(content))
        except Exception as error:  # unpickling runs anything, so it raises anything
            written = _version_warned_of(caught) or written_with(content)
            raise ArtifactError(_unpickling_failed(path, error, written)) from error
    return found, _version_warned_of(caught) or written_with(content)


def _version_warned_of(caught: Sequence[warnings.WarningMessage]) -> str | None:
    # By its attribute: scikit-learn's class is found at different places in different versions.
    found = (getattr(w.message, "original_sklearn_version", None) for w in caught)
    return next((str(version) for version in found if version), None)


def _unpickling_failed(path: Path, error: Exception, written: str | None) -> str:
    if written and written != sklearn.__version__:
        return (
            f"{path} was written with scikit-learn {written} and cannot be read with "
            f"{sklearn.__version__}: {cure(written)} ({error})"
        )
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{path} needs the module {error.name!r}: name the package that has it in a "
            "requirements.txt beside the three files, or put your own module there"
        )
    if isinstance(error, AttributeError) and repr(sys.modules["__main__"]) in str(error):
        return (
            f"{path} needs what was defined in a notebook or a script, where nobody else finds it "
            f"({error}): move it into a module, import it from there, fit again, and put the "
            "module beside the three files"
        )
    return f"{path} cannot be unpickled: {type(error).__name__}: {error}"


def warn_of_version(written: str | None) -> None:
    """Say in the log that the pipeline was written with another version, when it was."""
    if written and written != sklearn.__version__:
        log.warning(
            "%s was written with scikit-learn %s and is read with %s; "
            "if its answers differ, install the version that it was written with",
            PIPELINE, written, sklearn.__version__,
        )  # fmt: skip


def written_with(content: bytes) -> str | None:
    """The scikit-learn version that a pickle says it was written with, found without running it.

    Estimators keep it in their state under `_sklearn_version` (scikit-learn's `BaseEstimator`).
    None for a compressed pickle: only the warning that scikit-learn gives names its version.
    """
    match = _VERSION.search(content)
    return match[1].decode() if match else None
