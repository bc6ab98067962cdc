"""Folders whose names mean something to a URL, a configuration file or a shell."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from shared.settings import CHECKOUT
from tests.end_to_end.make_run import Run, running, when_ready

NAMES = {
    "percent": "100%",
    "escape": "a%20b%3F%(here)s",
    # Whatever of these is misread, the folder is another one or there is no start. What means
    # something at one end of a name stands there.
    "signs": "#1 \"best\" of 'both' & which one? $HOME ${PATH} ; me@home:5000 ✓ données \\x41\\",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_data_folder_of_any_name(name: str, tmp_path: Path) -> None:
    """Everything lies in it and nothing beside it, and a second start finds it."""
    data = tmp_path / "data" / name
    with running(data, tmp_path / "1.log") as run:
        assert run.client.predict("here").status == 200
        os.kill(run.part.process.pid, signal.SIGINT)
        assert run.part.process.wait(25) == 0
    assert (data / "queuecast.sqlite3").is_file()
    assert (data / "redis" / "appendonlydir").is_dir()
    assert [path.name for path in (tmp_path / "data").iterdir()] == [name]
    with running(data, tmp_path / "2.log") as run:
        assert [row["observation_id"] for row in run.client.rows()] == ["here"]


@pytest.mark.parametrize("name", [NAMES["escape"], NAMES["signs"]])
def test_a_checkout_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    """A clone somewhere else, with nothing but what it needs, and its own default folders."""
    checkout = tmp_path / "clones" / name
    for part in ("api", "artifacts", "local", "shared", "worker"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / part, checkout / part, ignore=unwanted)
    with when_ready(Run(Path("var"), tmp_path / "run.log", {}, checkout)) as run:
        assert run.client.predict("here").status == 200
    assert (checkout / "var" / "queuecast.sqlite3").is_file()
    assert [path.name for path in (tmp_path / "clones").iterdir()] == [name]
