"""`local.model_environment`: what is installed for a model of its own libraries."""

from __future__ import annotations

import sys
from pathlib import Path

from local.model_environment import python_for, reason
from local.model_requirements import (
    REQUIREMENTS,
    constraints,
    pip_arguments,
    worker_requirements,
)
from local.stop_request import StopRequest
from shared.settings import CHECKOUT
from worker.model.cure import requirements

PINNED = """
celery==5.7.0 \\
    --hash=sha256:aaaa
    # via queuecast
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:bbbb
scikit-learn==1.9.1 \\
    --hash=sha256:cccc
redis==8.1.0 ; python_version >= '3.11' \\
    --hash=sha256:dddd
"""


def test_only_what_is_ours_is_pinned() -> None:
    """The model's libraries are left to its folder; markers stay, hashes go."""
    assert constraints(PINNED) == ["celery==5.7.0", "redis==8.1.0 ; python_version >= '3.11'"]


def test_of_the_real_file() -> None:
    """Nothing of what wrote the pipeline holds it back, and all of what carries its jobs does."""
    lines = constraints((CHECKOUT / "requirements" / "worker.txt").read_text())
    pinned = {line.split("==")[0] for line in lines}
    assert {"celery", "kombu", "billiard", "redis", "sqlalchemy", "psycopg2-binary"} <= pinned
    assert not {"numpy", "pandas", "scipy", "scikit-learn", "joblib"} & pinned
    wanted = {line.split(">=")[0].split("[")[0] for line in worker_requirements()}
    assert {"celery", "pandas", "scikit-learn", "sqlalchemy"} <= wanted


def test_nothing_asked_nothing_installed(tmp_path: Path) -> None:
    """Without a requirements.txt the worker runs on what the gateway runs on."""
    data = tmp_path / "data"
    assert python_for(tmp_path, data, StopRequest()) == sys.executable
    assert not data.exists()


def test_the_command() -> None:
    """The folder's file and our pins, as pip takes them."""
    command = pip_arguments(Path("a") / REQUIREMENTS, Path("pins"))
    assert command[0] == "install"
    assert command[command.index("-r") + 1] == f"a/{REQUIREMENTS}"
    assert command[command.index("-c") + 1] == "pins"


def test_pips_reason() -> None:
    """One line: the first error, or the first line, or that there was none."""
    said = ["WARNING: old", "", "ERROR: Could not find a version", "ERROR: No matching"]
    assert reason(said) == "Could not find a version"
    assert reason(["  no such option  "]) == "no such option"
    assert reason([]) == "it said nothing"


def test_the_sets_for_earlier_versions() -> None:
    """A patch release goes with its minor version's set; an unknown one stands alone."""
    assert requirements("1.3.0", True) == [
        "scikit-learn==1.3.0", "numpy<2", "pandas<2.2", "category_encoders<2.7",
    ]  # fmt: skip
    assert requirements("1.5.1", False) == ["scikit-learn==1.5.1", "numpy<2.3", "pandas<3"]
    assert requirements("0.24.2", True) == ["scikit-learn==0.24.2"]
