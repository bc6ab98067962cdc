"""Models of many kinds, each served by a real worker from a folder as a learner leaves it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local.model_environment import python_for
from local.model_requirements import REQUIREMENTS
from local.stop_request import StopRequest
from tests.models.asking import ask_all, write_folder
from tests.models.kinds import KINDS
from tests.system import System

# What another version of pandas has other dtypes for, or writes and reads otherwise.
BY_VERSION = ("categories", "native_categories", "nullable", "numbered_columns", "texts", "times")


def see_it_served(system: System, folder: Path, python: str = sys.executable) -> None:
    """Have a worker with this interpreter serve the folder, and ask about every row."""
    try:
        system.start_gateway()
        system.start_worker(python, MODEL_DIR=str(folder))
        system.wait_ready()
        ask_all(system.client, folder)
    finally:
        system.stop()


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"lightgbm", "opposite"}))
def test_its_answers_are_the_pipelines_own(kind: str, on_postgres: System, tmp_path: Path) -> None:
    """For every row of the training frame, at once, as a job and again."""
    see_it_served(on_postgres, write_folder(kind, tmp_path / "model"))


@pytest.mark.parametrize("kind", BY_VERSION)
def test_with_earlier_libraries(
    kind: str, on_postgres: System, older_python: str, tmp_path: Path
) -> None:
    """The same, of a folder that was written and is served by those."""
    folder = write_folder(kind, tmp_path / "model", older_python)
    see_it_served(on_postgres, folder, older_python)


def test_lightgbm_on_its_own_categories(on_postgres: System, tmp_path: Path) -> None:
    """Which it numbers by their order in the dtype; in an environment of its own."""
    folder, data = tmp_path / "model", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    (folder / REQUIREMENTS).write_text("lightgbm==4.6.0\n")
    python = python_for(folder, data, StopRequest())
    see_it_served(on_postgres, write_folder("lightgbm", folder, python), python)
