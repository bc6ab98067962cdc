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
_LOAD = (
    "import sys, joblib; sys.path[0] = sys.argv[1]; joblib.load(sys.argv[1] + '/' + sys.argv[2])"
)


class _Recorder(pickle.Unpickler):
    """Reads a pickle that was just written, and notes what it asks for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.asked: dict[tuple[str, str], None] = {}

    def find_class(self, module: str, name: str) -> Any:
        self.asked[module, name] = None
        return super().find_class(module, name)


def asked_for(pipeline: Any) -> list[tuple[str, str]]:
    """The modules and names that unpickling a pipeline asks for.

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
    return list(recorder.asked)


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
        is_package = origin.name == "__init__.py"
        source = origin.parent if is_package else origin
        target = folder / source.name
        if source.resolve() != target.resolve():
            if is_package:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        copied.append(name)
    return copied


def check_loads(folder: Path, name: str) -> None:
    """See that a pickle can be read by a new process that has only its folder and the libraries.

    Raises:
        PackError: it cannot; with the last line of what Python says.
    """
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(folder), name],
        cwd=folder, check=False, capture_output=True, text=True, timeout=_LOADS_WITHIN,
        env={n: v for n, v in os.environ.items() if n != "PYTHONPATH"},
    )  # fmt: skip
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise PackError(
            f"{name} cannot be read by another process: {said[-1] if said else 'it said nothing'}"
        )


def _own_file(module: str) -> Path | None:
    """The file of a top-level module that is neither installed nor Python's own."""
    origin = getattr(importlib.import_module(module), "__file__", None)
    if origin is None:
        return None
    path = Path(origin).resolve()
    libraries = {Path(p).resolve() for p in sysconfig.get_paths().values()}
    return None if any(library in path.parents for library in libraries) else path
