"""`worker.generations.worker_process`: one generation is replaced by the next, or stays; signals
that come at any moment lose none of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from shared.errors import REFUSED
from shared.settings import CHECKOUT
from tests.system import INHERITED, wait_for

# Generations that do as they are told, each by its place in the list; the last goes for all others.
PROGRAM = """
import json, os, signal, sys, time
from shared.errors import REFUSED
from worker.generations.reports import Ready, Refused, ReloadAsked, Tried
from worker.generations.worker_process import WorkerProcess

BEHAVIOURS = json.loads(sys.argv[1])


def say(*words):
    os.write(1, (json.dumps(words) + "\\n").encode())


def serve(number, reports):
    behaviour = BEHAVIOURS[min(number, len(BEHAVIOURS)) - 1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if behaviour == "refused":
        reports.say(Refused("no \\u00e4nswer"))
        return REFUSED
    if behaviour == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    reports.say(Tried(f"v{number}"))
    if behaviour == "no process":
        reports.say(Refused("no process"))
    if behaviour in ("ready", "asks"):
        reports.say(Ready(f"v{number}"))
        say("ready", number, os.getpid())
    if behaviour == "asks":
        for _ in range(2):
            reports.say(ReloadAsked("one", "here"))
    while True:
        time.sleep(60)


def tell(asked, version, reason):
    say("told", [request.reload_id for request in asked], version, reason)


def fork():
    pid = real_fork()
    if pid == 0 and BEHAVIOURS[0] == "told to stop at once":
        os.kill(os.getpid(), signal.SIGTERM)
    return pid


real_fork, os.fork = os.fork, fork
sys.exit(WorkerProcess(serve, tell).run())
"""


class Running:
    """The program, and what it has said."""

    def __init__(self, folder: Path, behaviours: list[str]) -> None:
        self._said = folder / "said"
        self._errors = folder / "errors"
        with self._said.open("wb") as said, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, json.dumps(behaviours)],
                cwd=CHECKOUT, env=INHERITED, stdout=said, stderr=errors,
            )  # fmt: skip

    @property
    def said(self) -> list[list[Any]]:
        return [json.loads(line) for line in self._said.read_text().splitlines()]

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def hears(self, *words: Any) -> list[Any]:
        """What was said that begins with these words, once it was."""

        def look() -> list[Any]:
            found = [line for line in self.said if line[: len(words)] == list(words)]
            return found[-1] if found else []

        heard: list[Any] = wait_for(look, 20, str(words))
        return heard

    def generations(self) -> list[int]:
        found = psutil.Process(self.process.pid).children()
        return [p.pid for p in found if p.status() != psutil.STATUS_ZOMBIE]

    def ends(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program with generations that behave so."""
    made: list[Running] = []

    def make(*behaviours: str) -> Running:
        made.append(Running(tmp_path, list(behaviours)))
        return made[-1]

    try:
        yield make
    finally:
        for running in made:
            # A generation outlives the process that started it, unless it is a real one.
            left = running.generations() if running.process.poll() is None else []
            running.process.kill()
            running.process.wait()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def test_the_next_takes_over(start: Start) -> None:
    """When it is ready the one before is stopped, and only when that has ended is it said."""
    running = start("ready")
    first = running.hears("ready", 1)[2]
    for number in (2, 3):
        running.process.send_signal(signal.SIGHUP)
        assert running.hears("told", [], f"v{number}") == ["told", [], f"v{number}", None]
        assert running.generations() == [running.hears("ready", number)[2]]
    assert not psutil.pid_exists(first)
    assert running.ends(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("refused", "no änswer"),
        ("no process", "no process"),
        ("dies", "the process that was to serve was ended by SIGKILL"),
    ],
)
def test_the_one_before_stays(start: Start, behaviour: str, reason: str) -> None:
    """The next one cannot serve: that is said with its reason, and a later one can take over."""
    running = start("ready", behaviour, "ready")
    first = running.hears("ready", 1)[2]
    running.process.send_signal(signal.SIGHUP)
    assert running.hears("told")[1:] == [[], "v1", reason]
    assert running.generations() == [first]
    running.process.send_signal(signal.SIGHUP)
    assert running.hears("told", [], "v3")
    assert running.ends(signal.SIGINT) == 0


def test_asked_twice_by_one_request(start: Start) -> None:
    """Both generations may see it, and more than once: it is one reload, and told once."""
    running = start("asks")
    assert running.hears("told")[1:] == [["one"], "v2", None]
    running.process.send_signal(signal.SIGHUP)
    running.hears("told", [], "v3")
    assert [line for line in running.said if line[0] == "told"] == [
        ["told", ["one"], "v2", None],
        ["told", [], "v3", None],
    ]


def test_asked_during_a_reload(start: Start) -> None:
    """However often, there is one more reload after it: the folder may have changed meanwhile."""
    running = start("ready", "slow")
    running.hears("ready", 1)
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(running.generations()) == 2, 10, "the next one starts")
    slow = running.generations()[1]
    for _ in range(3):
        running.process.send_signal(signal.SIGHUP)
    psutil.Process(slow).kill()
    running.hears("told", [], "v1")
    wait_for(lambda: len(set(running.generations()) - {slow}) == 2, 10, "one more starts")
    assert running.ends(signal.SIGTERM) == 0


def test_the_first_is_refused(start: Start) -> None:
    """As a worker that cannot start: its line, and the exit code that means not to try again."""
    running = start("refused")
    assert running.process.wait(20) == REFUSED
    assert running.errors == "queuecast: no änswer\n"


def test_the_serving_one_dies(start: Start) -> None:
    """The worker ends as it did, so that it is started again; amid a reload the next one takes its
    place."""
    running = start("ready", "slow", "ready")
    first = running.hears("ready", 1)[2]
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(running.generations()) == 2, 10, "the next one starts")
    psutil.Process(first).kill()
    wait_for(lambda: first not in running.generations(), 10, "the first is gone")
    assert running.process.poll() is None
    psutil.Process(running.generations()[0]).kill()
    assert running.process.wait(20) == -signal.SIGKILL


def test_a_signal_to_one_that_was_just_forked(start: Start) -> None:
    """Is not lost: it ends, though it has no handlers of its own yet."""
    running = start("told to stop at once")
    assert running.process.wait(20) == -signal.SIGTERM
    assert not running.said


def test_stopped_amid_a_reload(start: Start) -> None:
    """Both generations are stopped, and the exit code is that of a stop."""
    running = start("ready", "slow")
    running.hears("ready", 1)
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(running.generations()) == 2, 10, "the next one starts")
    both = running.generations()
    assert running.ends(signal.SIGTERM) == 0
    assert not any(psutil.pid_exists(pid) for pid in both)
