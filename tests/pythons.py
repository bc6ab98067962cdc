"""Tests with each Python that we name and that this machine has, beside the one of `make test`.

What differs between them is seen by the tests of single files and by a few of the whole way, each
with the libraries that the lock files have for that Python.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
NAMED = ("3.11", "3.12", "3.13")
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def main() -> int:
    """Run them; 1 when some failed."""
    own = "{}.{}".format(*sys.version_info)
    failed = []
    for version in NAMED:
        if version == own:
            continue
        python = find(version)
        if python is None:
            say(f"Python {version} is not on this machine")
            continue
        command = ["make", "test-quick", f"PYTHON={python}", f"VENV=.venv-{version}"]
        say(f"Python {version}: {python}")
        if subprocess.run(command, cwd=CHECKOUT, check=False).returncode:
            failed.append(version)
    for version in failed:
        say(f"FAILED with Python {version}")
    return 1 if failed else 0


def find(version: str) -> str | None:
    """An interpreter of this version, from PATH or from pyenv."""
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in (f"python{version}", *map(str, of_pyenv)):
        try:
            done = subprocess.run(
                [candidate, "-c", _VERSION], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            continue
        if done.stdout.strip() == version:
            return candidate
    return None


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"queuecast: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
