"""A model server of others: a virtual environment of its own at a pinned version."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench.contender import Contender
from bench.stage import clean_environment
from local.part import Part
from shared.errors import StartError
from shared.settings import CHECKOUT

INSTALLED_WITHIN = 900
# What the pipeline runs on, at the versions that Queuecast's own worker has.
PIPELINE_NEEDS = {"scikit-learn", "pandas", "category-encoders", "numpy", "scipy", "joblib"}

_PIN = re.compile(r"[\w-]+==")


class Peer(Contender):
    """A peer stores nothing: an answer is a probability, and no row.

    `pins` are its requirements. A pin on a library of the pipeline replaces the worker's version
    where the peer cannot run on that.
    """

    stores = False
    pins: tuple[str, ...]

    def __init__(self, venvs: Path, python: str) -> None:
        self._folder = venvs / self.name
        self._python = python

    @property
    def programs(self) -> Path:
        """The folder of the environment's programs."""
        return self._folder / "bin"

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return str(self.programs / "python")

    def prepare(self, say: Callable[[str], None]) -> None:
        """Make the environment, unless it is there with these very pins.

        Raises:
            StartError: it cannot be made.
        """
        wanted = "\n".join((self._python, *self.requirements())) + "\n"
        stamp = self._folder / "installed.txt"
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        say(f"installing {self.pins[0]} into {self._folder}")
        shutil.rmtree(self._folder, ignore_errors=True)
        log = self._folder.with_suffix(".log")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        _run([self._python, "-m", "venv", str(self._folder)], log)
        install = [self.python, "-m", "pip", "install", "--disable-pip-version-check"]
        _run([*install, *self.requirements()], log)
        _run([self.python, "-m", "pip", "freeze"], self._folder / "frozen.txt")
        stamp.write_text(wanted)

    def versions(self) -> dict[str, str]:
        """What was installed of the peer and of the pipeline's libraries."""
        lines = (self._folder / "frozen.txt").read_text().splitlines()
        frozen = dict(line.split("==", 1) for line in lines if "==" in line)
        asked = {_name(pin) for pin in self.requirements()}
        return {name: number for name, number in frozen.items() if _name(name) in asked}

    def requirements(self) -> list[str]:
        """The peer's pins, and the worker's for the libraries of the pipeline."""
        own = {_name(pin) for pin in self.pins}
        lines = (CHECKOUT / "requirements" / "worker.txt").read_text().splitlines()
        pinned = [line.removesuffix("\\").strip() for line in lines if _PIN.match(line)]
        return [*self.pins, *(p for p in pinned if _name(p) in PIPELINE_NEEDS - own)]


def _name(pin: str) -> str:
    return re.split(r"[\[=]", pin)[0].lower().replace("_", "-")


def _run(command: list[str], output: Path) -> None:
    """Run an installing command to its end; what it says goes to the end of the file."""
    with output.open("ab") as file:
        part = Part("the installation", command, clean_environment(), file)
    try:
        code = part.process.wait(INSTALLED_WITHIN)
    except subprocess.TimeoutExpired as error:
        raise StartError(f"not installed within {INSTALLED_WITHIN} s; see {output}") from error
    finally:
        if part.exit_code is None:
            part.kill()
    if code:
        raise StartError(f"it cannot be installed (exit code {code}); see {output}")
