"""`make run` as a process for tests, with what it has printed and what it has started."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psutil

from local.part import Part
from local.ports import free_port
from shared.settings import CHECKOUT
from tests.system import INHERITED, Client

COMMAND = [sys.executable, "-m", "local"]


class Run:
    """One `make run` of a checkout, with what it has printed."""

    def __init__(
        self, folder: Path, log: Path, environment: Mapping[str, str], checkout: Path = CHECKOUT
    ) -> None:
        self.port = free_port()
        self.log = log
        environment = {
            **INHERITED, "DATA_DIR": str(folder), "PORT": str(self.port), **environment
        }  # fmt: skip
        with log.open("wb") as output:
            self.part = Part("make run", COMMAND, environment, output, checkout)
        self.client = Client(self.port)

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def wait_ready(self) -> None:
        self.part.wait_until(lambda: "ready on" in self.printed, 60)

    @property
    def curl(self) -> str:
        """The command that it gives to try."""
        return next(line for line in self.printed.splitlines() if line.startswith("curl "))

    def try_curl(self, **environment: str) -> dict[str, Any]:
        """What that command answers."""
        done = subprocess.run(
            ["bash", "-c", self.curl],
            env={**INHERITED, **environment}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def said(self, word: str) -> list[str]:
        """The lines of the supervisor's own that have this in them."""
        lines = self.printed.splitlines()
        return [line for line in lines if line.startswith("queuecast: ") and word in line]

    def children(self) -> dict[str, psutil.Process]:
        """Its parts by what they run; Redis as "redis"."""
        named = {}
        for process in psutil.Process(self.part.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                if process.status() != psutil.STATUS_ZOMBIE:
                    named[" ".join(process.cmdline()[-2:])] = process
        return {("redis" if "127.0.0.1:" in name else name): p for name, p in named.items()}


def running(folder: Path, log: Path, **environment: str) -> AbstractContextManager[Run]:
    """A run that is ready; whatever is left of it at the end is killed."""
    return when_ready(Run(folder, log, environment))


@contextmanager
def when_ready(run: Run) -> Iterator[Run]:
    """The same, of a run that has been begun."""
    parts: list[psutil.Process] = []
    try:
        run.wait_ready()
        parts = psutil.Process(run.part.process.pid).children(recursive=True)
        yield run
    finally:
        run.part.kill()
        for process in parts:
            if process.is_running():
                process.kill()


def refused(folder: Path, **environment: str) -> str:
    """What a run says that cannot start: one line and an exit code.

    It must take less than 10 s. By the clock of its processors, since on a machine that others
    load as well the clock on the wall tells of them; what hangs runs into the deadline.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        COMMAND,
        env={**INHERITED, "DATA_DIR": str(folder), "PORT": str(free_port()), **environment},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10, done
    assert done.returncode not in (0, None)
    lines = (done.stdout + done.stderr).strip().splitlines()
    said = [
        line
        for line in lines
        if line.startswith("queuecast: ")
        and "installing what the model needs" not in line
        and "still starting after" not in line  # on a slow machine
    ]
    assert len(said) == 1, lines
    assert "Traceback" not in done.stdout + done.stderr
    return said[0]


def left_of(data: Path) -> list[psutil.Process]:
    """Every process that was started, by whomever, for this data folder, and still runs."""
    return [process for process in psutil.process_iter() if _started_for(process, data)]


def _started_for(process: psutil.Process, data: Path) -> bool:
    try:
        ours = bool(process.environ().get("DATA_DIR") == str(data))
        return ours and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
