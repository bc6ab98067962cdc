"""The names of the three files, and a look whether they are there that loads no library."""

from __future__ import annotations

from pathlib import Path

from shared.errors import ArtifactError

PIPELINE, DTYPES, COLUMNS = "pipeline.pickle", "dtypes.pickle", "columns.json"
FILES = (PIPELINE, DTYPES, COLUMNS)


def refuse_missing(folder: Path) -> None:
    """See that all three are there.

    Raises:
        ArtifactError: naming those that are not.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ArtifactError(f"MODEL_DIR is {str(folder)!r}, which lacks {', '.join(missing)}")
