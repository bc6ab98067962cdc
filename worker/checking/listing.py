"""Lists what a folder's pickles would import, in a process of its own: `python -m
worker.checking.listing FOLDER MEBIBYTES`, which prints a name a line, as JSON, as it finds it.

A pickle may be crafted to be endless, or to decompress to more than there is memory. So its reader
has the bounds that the model has, and what it could not list is said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.settings import CHECKOUT
from worker.checking.memory_limit import limit_memory
from worker.checking.pickle_imports import pickle_imports
from worker.model.artifacts import DTYPES, PIPELINE

# More names than any pipeline has, and longer ones.
MOST_NAMES, LONGEST_NAME = 10_000, 300


@dataclass(frozen=True, slots=True)
class Listing:
    """The names that are looked up, each once; and why these are not all, if they are not."""

    names: list[str]
    cut: str | None


def list_imports(folder: Path, seconds: float, mebibytes: int) -> Listing:
    """What the two pickles of a folder would look up, found within these bounds."""
    command = [sys.executable, "-m", "worker.checking.listing", str(folder), str(mebibytes)]
    cut = None
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=seconds,
        )  # fmt: skip
        output = done.stdout
        if done.returncode != 0:
            cut = f"the process that read them ended with code {done.returncode}"
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
        cut = f"they could not be read to their end within {seconds:g} s (--seconds)"
    names: list[str] = []
    for line in output.decode().splitlines():
        try:
            found: dict[str, Any] = json.loads(line)
        except ValueError:
            continue  # the last line, of a process that was ended
        names += [found["name"]] if "name" in found else []
        cut = cut or found.get("cut")
    return Listing(list(dict.fromkeys(names)), cut)


def main(arguments: Sequence[str]) -> int:
    """Print the names, and under `cut` why they are not all."""
    folder, mebibytes = Path(arguments[0]), int(arguments[1])
    limit_memory(mebibytes)
    for file in (PIPELINE, DTYPES):
        try:
            pickle_imports(folder / file, _Names().note)
        except Exception as error:  # it is broken, or crafted to be
            said = f"{file} cannot be read to its end: {type(error).__name__}: {error}"
            _print("cut", " ".join(said.split()))
    return 0


class _Names:
    """Prints a name when it is new."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def note(self, name: str) -> None:
        if name in self._known:
            return
        if len(self._known) == MOST_NAMES:
            raise ValueError(f"it looks up more than {MOST_NAMES} names")
        self._known.add(name)
        _print("name", name)


def _print(what: str, text: str) -> None:
    # What a terminal would obey is not printed to one later.
    plain = text if text.isprintable() else ascii(text)
    sys.stdout.write(json.dumps({what: plain[:LONGEST_NAME]}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
