"""Execute the notebooks in their order, each in a kernel of its own, and write them with their
outputs: `python -m tests.notebooks [FOLDER]`. Without a folder they are written where they are."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from shared.settings import CHECKOUT
from tests.system import INHERITED

NOTEBOOKS = CHECKOUT / "notebooks"
# In seconds, for a cell.
CELL = 120


def main(arguments: Sequence[str]) -> int:
    """In a copy, so that what the notebooks write is not left behind."""
    into = Path(arguments[0]) if arguments else NOTEBOOKS
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "notebooks"
        ignored = shutil.ignore_patterns("my_model", ".ipynb_checkpoints", "__pycache__")
        shutil.copytree(NOTEBOOKS, folder, ignore=ignored)
        (Path(scratch) / "artifacts").symlink_to(CHECKOUT / "artifacts")
        for path in sorted(folder.glob("*.ipynb")):
            execute(path, Path(scratch))
            shutil.copy(path, into)
    return 0


def execute(path: Path, scratch: Path) -> None:
    """Replace the outputs of a notebook by those that it has here.

    Raises:
        CellExecutionError: a cell raised.
    """
    notebook = nbformat.reads(path.read_text(), as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=CELL, record_timing=False, resources={"metadata": {"path": path.parent}}
    )
    client.execute(env=_environment(scratch))
    # Which Python it was does not matter.
    notebook.metadata.language_info = {"name": "python"}
    path.write_text(nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]


def _environment(scratch: Path) -> dict[str, str]:
    """As that of somebody who has installed the client, with a service of the checkout beside it,
    and nothing of the developer's own Jupyter."""
    return {
        **INHERITED,
        "PYTHONPATH": os.pathsep.join((str(CHECKOUT / "client"), str(CHECKOUT))),
        "IPYTHONDIR": str(scratch / "ipython"),
        "TMPDIR": str(scratch),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
