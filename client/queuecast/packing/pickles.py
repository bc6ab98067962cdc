"""What a pickle needs where it is read: modules that are installed, and some that are not."""

from __future__ import annotations

import importlib
import io
import os
import pickle
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

from queuecast.errors import PackError

# Where the name of a distribution is not that of its module.
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_ALWAYS = ("numpy", "pandas", "scikit-learn", "joblib")
# In seconds.
_LOADS_WITHIN = 300
_LOAD = "import sys, joblib; sys.path[:1] = sys.argv[2:]; joblib.load(sys.argv[1])"


class _Recorder(pickle.Unpickler):
    """Reads a pickle that was just written, and notes what it asks for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.asked: dict[tuple[str, str], None] = {}

    def find_class(self, module: str, name: str) -> Any:
        self.asked[module, name] = None
        return super().find_class(module, name)


def modules_of(pipeline: Any) -> list[str]:
    """The top-level modules that unpickling a pipeline asks for.

    Raises:
        PackError: it cannot be pickled, or asks for what only this program has.
    """
    try:
        recorder = _Recorder(pickle.dumps(pipeline))
        recorder.load()
    except Exception as error:  # pickling runs anything, so it raises anything
        raise PackError(
            f"the pipeline cannot be pickled: {type(error).__name__}: {error}; a lambda or a "
            "function within a function has to become a function of a module"
        ) from error
    own = [name for module, name in recorder.asked if module == "__main__"]
    if own:
        raise PackError(
            f"{own[0]} was defined in this notebook or script, where no service finds it: move it "
            "into a module (my_transformers.py, say), import it from there, and fit again"
        )
    return sorted({module.partition(".")[0] for module, _ in recorder.asked})


def versions(modules: list[str]) -> dict[str, str]:
    """The installed distributions, with their versions, that these top-level modules are of."""
    names = {_DISTRIBUTIONS.get(module, module) for module in modules} | set(_ALWAYS)
    found = {}
    for name in sorted(names):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def copy_own_modules(modules: list[str], folder: Path) -> list[str]:
    """Put the modules that are no installed libraries, but files of the user's own, beside the
    pickles, where a worker finds them; their names."""
    copied = []
    for name in modules:
        origin = _own_file(name)
        if origin is None:
            continue
        if origin.name == "__init__.py":
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(origin.parent, folder / name, ignore=ignored)
        else:
            shutil.copy(origin, folder)
        copied.append(name)
    return copied


def check_loads(path: Path, *folders: Path) -> None:
    """See that a pickle can be read by a new process that has only these folders and the libraries.

    Raises:
        PackError: it cannot; with the last line of what Python says.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, *(str(p.resolve()) for p in (path, *folders))],
            cwd=path.parent, check=False, capture_output=True, text=True, timeout=_LOADS_WITHIN,
            env={n: v for n, v in os.environ.items() if n != "PYTHONPATH"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise PackError(
            f"{path.name} is not read by another process within {_LOADS_WITHIN} s: does unpickling "
            "a step wait for something?"
        ) from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        missing = said.startswith("ModuleNotFoundError")
        cure = "; put that module into the folder, and pack again" if missing else ""
        raise PackError(
            f"{path.name} cannot be read by another process, which has what is installed and what "
            f"lies in its folder: {said}{cure}"
        )


def _own_file(module: str) -> Path | None:
    """The file of a top-level module that is neither installed nor Python's own."""
    origin = getattr(importlib.import_module(module), "__file__", None)
    if origin is None:
        return None
    path = Path(origin).resolve()
    libraries = {Path(p).resolve() for p in sysconfig.get_paths().values()}
    return None if any(library in path.parents for library in libraries) else path
