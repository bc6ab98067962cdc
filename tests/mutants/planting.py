"""A copy of the project, in which one bug at a time is planted and tests are run."""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from py_compile import PycInvalidationMode

import psutil

from shared.settings import CHECKOUT
from tests.mutants.mutant import Mutant

# In seconds. Tests that hang because of a bug have noticed it.
LONGEST = 300
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "var", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    "__pycache__",
)  # fmt: skip
ROOMS = ("api", "worker", "shared", "local", "client", "tests")
# What pytest's exit code says.
_PASSED, _FAILED = 0, 1


class Verdict(StrEnum):
    """What came of a planted bug."""

    NOTICED = "noticed"
    SURVIVED = "SURVIVED"
    ERROR = "ERROR"


class Copy:
    """A copy of this checkout in a folder of its own. `sound` are the tests that have passed
    without any bug, in whichever copy."""

    def __init__(self, folder: Path, sound: set[tuple[str, ...]]) -> None:
        self.folder = folder
        self._sound = sound
        self._running: subprocess.Popen[str] | None = None
        shutil.copytree(CHECKOUT, self.folder, ignore=_LEFT_OUT)
        # A bug may be planted within the second, and have the length, of what it replaces: what is
        # compiled counts only for the text that it was made from, to the last letter.
        for room in ROOMS:
            compileall.compile_dir(
                str(self.folder / room), quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH
            )

    def try_out(self, planted: Mutant) -> tuple[Verdict, str]:
        """Plant a bug and run the tests that are to notice it; what they said, in a line."""
        if planted.tests not in self._sound:
            code, said = self._run(planted.tests)
            if code != _PASSED:
                return Verdict.ERROR, f"the tests fail without it: {said}"
            self._sound.add(planted.tests)
        with self._planted(planted):
            code, said = self._run(planted.tests)
        if code == _PASSED:
            return Verdict.SURVIVED, said
        # A negative code: the bug let a signal, which a test sends to its own process, end it.
        noticed = code == _FAILED or code < 0
        return (Verdict.NOTICED if noticed else Verdict.ERROR), said

    def stop(self) -> None:
        """End the tests that run now."""
        running = self._running
        if running is not None and running.poll() is None:
            _end(running)

    @contextmanager
    def _planted(self, planted: Mutant) -> Iterator[None]:
        path = self.folder / planted.file
        sound = path.read_text()
        path.write_text(plant(sound, planted))
        try:
            yield
        finally:
            path.write_text(sound)

    def _run(self, tests: tuple[str, ...]) -> tuple[int, str]:
        """The exit code of pytest, and its last line."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(
            command, cwd=self.folder, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            self._running = process
            try:
                said, _ = process.communicate(timeout=LONGEST)
            except subprocess.TimeoutExpired:
                _end(process)
                return _FAILED, f"not within {LONGEST} s"
        lines = [line for line in said.splitlines() if line.strip()]
        failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        # A test that could not be collected has noticed nothing.
        collected = "error" not in (lines[-1] if lines else "error") or bool(failed)
        shown = (failed or lines or ["it said nothing"])[-1]
        return (process.returncode if collected else 2), shown[:200]


def plant(sound: str, planted: Mutant) -> str:
    """A file's text with the bug in it.

    Raises:
        ValueError: the text is not there exactly once.
    """
    found = sound.count(planted.text)
    if found != 1:
        raise ValueError(f"{planted.name}: its text is {found} times in {planted.file}")
    return sound.replace(planted.text, planted.bug)


def _end(process: subprocess.Popen[str]) -> None:
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    for child in family:
        if child.is_running():
            child.kill()
