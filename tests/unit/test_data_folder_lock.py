"""`local.data_folder_lock`: one run a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.data_folder_lock import DataFolderLock
from local.part import Part
from shared.errors import StartError


def test_one_at_a_time(tmp_path: Path) -> None:
    """The folder is made when it is not there; a second is refused, until the first is done."""
    folder = tmp_path / "some" / "where"
    first, second = DataFolderLock(folder), DataFolderLock(folder)
    with first, pytest.raises(StartError, match="which is in use"):
        second.__enter__()
    with second:
        pass


def test_who_inherits_it_keeps_it(tmp_path: Path) -> None:
    """A Redis that outlives its supervisor is alone on its folder."""
    with DataFolderLock(tmp_path) as lock:
        heir = Part(
            "heir", ["sleep", "600"], {"PATH": "/bin:/usr/bin"}, keep_open=[lock.descriptor]
        )
        other = Part("other", ["sleep", "600"], {"PATH": "/bin:/usr/bin"})
    try:
        with pytest.raises(StartError, match="which is in use"), DataFolderLock(tmp_path):
            pass
        heir.kill()
        with DataFolderLock(tmp_path):
            pass
    finally:
        heir.kill()
        other.kill()
