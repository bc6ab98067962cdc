"""A folder's files replaced so that whatever happens in between is seen for what it is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from queuecast.errors import PackError

_PREFIX = ".packing-"


@contextmanager
def staged(folder: Path, first: str) -> Iterator[Path]:
    """A folder within `folder` to write to, whose files take their places when the block has ended
    without an error. Else `folder` is as it was before, which may be not there.

    The file `first` takes its place first. It is the manifest, which has the hashes of the others:
    until they are there, too, it is one of other files, and so is called stale.

    Raises:
        PackError: the folder cannot be written to.
    """
    made: list[Path] = []
    try:
        made = _make(folder)
        for left in folder.glob(f"{_PREFIX}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as name:
            stage = Path(name)
            yield stage
            _replace(stage, folder, first)
    except BaseException as error:
        _unmake(made)
        if not isinstance(error, OSError):
            raise
        raise PackError(
            f"{folder} cannot be written to ({error.strerror or error}): make room or give rights "
            "there, or name another folder, and pack again"
        ) from error


def _replace(stage: Path, folder: Path, first: str) -> None:
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path != stage / first):
        target = folder / path.relative_to(stage)
        if target.exists() and target.read_bytes() == path.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _make(folder: Path) -> list[Path]:
    """Make a folder; those that were not there, the innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _unmake(made: list[Path]) -> None:
    for folder in made:
        try:
            folder.rmdir()
        except OSError:
            return  # something is in it
