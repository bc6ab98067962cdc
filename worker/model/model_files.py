"""The three files as they were at one moment, though they may be replaced one after the other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from shared.errors import ArtifactError
from worker.model.artifacts import FILES, refuse_missing
from worker.model.manifest import MANIFEST

# What stands for a file: its inode, its size and when it was written, in nanoseconds; None when it
# is not there.
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True, eq=False)
class ModelFiles:
    """What the files of a folder held when they were read: all that loads the model reads it from
    here, so that each process has the same."""

    folder: Path
    contents: dict[str, bytes]
    stamps: tuple[Stamp, ...]

    @classmethod
    def read(cls, folder: Path) -> ModelFiles:
        """Read the three files.

        Raises:
            ArtifactError: one is missing, or cannot be read.
        """
        refuse_missing(folder)
        # Before they are read: what is replaced meanwhile is seen to have changed.
        stamps = _stamps(folder)
        try:
            contents = {name: (folder / name).read_bytes() for name in FILES}
        except OSError as error:
            raise ArtifactError(f"{error.filename} cannot be read: {error.strerror}") from error
        return cls(folder, contents, stamps)

    @property
    def version(self) -> str:
        """The beginning of the SHA-256 of the three files."""
        digest = hashlib.sha256()
        for name in FILES:
            digest.update(self.contents[name])
        return digest.hexdigest()[:16]

    def have_changed(self) -> bool:
        """Whether one of them, or the manifest, was written since, so that these may be some of
        one model and some of another."""
        return _stamps(self.folder) != self.stamps


def _stamps(folder: Path) -> tuple[Stamp, ...]:
    return tuple(_stamp(folder / name) for name in (*FILES, MANIFEST))


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
