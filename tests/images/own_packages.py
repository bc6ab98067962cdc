"""A checkout whose model asks for a package that the worker's image has not got."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from shared.settings import CHECKOUT

# It also needs a library of the system's, OpenMP's.
PACKAGE = "lightgbm"


def make_context(folder: Path) -> Path:
    """Copy what git has of the checkout, with a requirements.txt beside the model; its folder."""
    context = folder / "context"
    shutil.rmtree(context, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        if (CHECKOUT / name).is_file():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, context / name)
    (context / "model").mkdir()
    shutil.copytree(context / "artifacts", context / "model", dirs_exist_ok=True)
    (context / "model" / "requirements.txt").write_text(f"{PACKAGE}\n")
    with (context / ".dockerignore").open("a") as ignored:
        ignored.write("!model\n")
    return context
