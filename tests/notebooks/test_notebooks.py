"""The notebooks say what they say, from the first cell to the last, in a clean kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.settings import CHECKOUT

NOTEBOOKS = CHECKOUT / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the notebooks, executed."""
    folder = tmp_path_factory.mktemp("notebooks")
    command = [sys.executable, "-m", "tests.notebooks", str(folder)]
    done = subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def cells(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """The source of each cell of code, and what is seen below it."""
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            seen = [output.get("data", output.get("text")) for output in cell["outputs"]]
            yield "".join(cell["source"]), seen


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_repository(name: str, executed: Path) -> None:
    """Else `python -m tests.notebooks` writes them anew, to be looked at before they are
    committed."""
    there, here = list(cells(NOTEBOOKS / name)), list(cells(executed / name))
    assert [source for source, _ in there] == [source for source, _ in here]
    for (source, committed), (_, seen) in zip(there, here, strict=True):
        assert seen == committed, source


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_machine_is_in_them(name: str) -> None:
    """No path, no warning of a library."""
    text = (NOTEBOOKS / name).read_text()
    for word in ("/home/", "/tmp/", "/root/", "site-packages", "Warning:"):
        assert word not in text, word
