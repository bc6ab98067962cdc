"""The folder of `DATA_DIR`, made when it is not there yet."""

from __future__ import annotations

from pathlib import Path

from shared.errors import StartError


def make_data_folder(folder: Path) -> None:
    """Make it, unless it is there.

    Raises:
        StartError: it cannot be made, or is no folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(folder, error) from error


def unusable(folder: Path, error: OSError) -> StartError:
    """What to say when the system refuses to let us use it."""
    why = error.strerror
    if isinstance(error, FileExistsError):
        why = "it is a file, and must be a folder"
    elif isinstance(error, NotADirectoryError):
        why = "a folder above it is a file"
    return StartError(f"DATA_DIR is {str(folder)!r}, which cannot be used: {why}")
