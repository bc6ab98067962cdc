"""The three files are read as they were at one moment, though they are replaced one by one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ArtifactError
from worker.model.artifacts import FILES, PIPELINE
from worker.model.loading import load
from worker.model.manifest import MANIFEST
from worker.model.model_files import ModelFiles
from worker.scoring import trial

# The process of the tests has threads, which a worker's has not when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture
def folder(tmp_path: Path, artifacts: Path) -> Path:
    """The shipped model's files, without its modules."""
    for name in (*FILES, MANIFEST):
        shutil.copy(artifacts / name, tmp_path / name)
    return tmp_path


def test_what_was_read_is_loaded(folder: Path) -> None:
    """Whatever the folder holds by then."""
    files = ModelFiles.read(folder)
    assert not files.have_changed()
    version = load(folder).version
    for name in FILES:
        (folder / name).write_bytes(b"replaced")
        assert files.have_changed()
    assert load(folder, files).version == version == files.version


def test_a_process_that_is_started_later(folder: Path) -> None:
    """It has what was tried, though the folder cannot be served any more."""
    files, tried = trial.try_steady(folder, 20.0, 1)
    (folder / PIPELINE).write_bytes(b"broken")
    assert tried.load(folder, files).version == files.version == tried.version


def test_a_manifest_of_other_files_is_seen(folder: Path) -> None:
    """It is replaced last, or first."""
    files = ModelFiles.read(folder)
    (folder / MANIFEST).unlink()
    assert files.have_changed()


def replacing(folder: Path, times: int, is_answered: bool) -> Callable[..., Any]:
    """A trial during which the pipeline is replaced, so many times, and which goes well all the
    same, or does not."""
    left = [times]

    def try_out(*_: Any) -> str:
        if left[0]:
            left[0] -= 1
            (folder / PIPELINE).write_bytes(b"replaced" * left[0])
            if not is_answered:
                raise ArtifactError("some of one model and some of another")
        return "tried"

    return try_out


@pytest.mark.parametrize("is_answered", [True, False])
def test_files_that_are_replaced_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch, is_answered: bool
) -> None:
    """They are read again, and nothing that was found is believed; but not for ever."""
    monkeypatch.setattr(trial, "try_out", replacing(folder, 2, is_answered))
    files, found = trial.try_steady(folder, 1.0, 1)
    assert files.contents[PIPELINE] == b""
    assert str(found) == "tried"
    monkeypatch.setattr(trial, "try_out", replacing(folder, 3, is_answered))
    with pytest.raises(ArtifactError, match="were replaced while they were tried"):
        trial.try_steady(folder, 1.0, 1)


def test_a_model_that_is_at_fault_is_tried_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing was replaced, the fault is its own."""

    def refuse(*_: Any) -> None:
        raise ArtifactError("broken")

    monkeypatch.setattr(trial, "try_out", refuse)
    with pytest.raises(ArtifactError, match="broken"):
        trial.try_steady(folder, 1.0, 1)
