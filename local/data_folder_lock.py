"""The lock on the data folder: two Redis servers on one file would ruin it."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from shared.data_folder import make_data_folder, unusable
from shared.errors import StartError


class DataFolderLock:
    """Held while the block runs, and as long as any process lives that inherited `descriptor`:
    a Redis that outlived its supervisor keeps the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str]

    @property
    def descriptor(self) -> int:
        """The open file that the lock belongs to."""
        return self._file.fileno()

    def __enter__(self) -> DataFolderLock:
        """Take it.

        Raises:
            StartError: another one holds it, or the folder cannot be used.
        """
        make_data_folder(self._folder)
        try:
            self._file = (self._folder / "run.lock").open("w")
        except OSError as error:
            raise unusable(self._folder, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise StartError(
                f"DATA_DIR is {str(self._folder)!r}, which is in use by another `make run`, or by "
                "a Redis that one left behind; stop it, or name another folder"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
