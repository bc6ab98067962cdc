"""`local.supervised_part`: a part that comes back, on processes that only end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from local.part import Part
from local.restart_pause import RAN_WELL
from local.supervised_part import PartRefusedError, SupervisedPart, describe_end
from shared.errors import REFUSED, StartError
from tests.system import wait_for


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Script:
    """Makes a part run these commands of the shell, one a start; None cannot be started."""

    def __init__(self, *commands: str | None) -> None:
        self._commands: Iterator[str | None] = iter(commands)

    def __call__(self) -> Part:
        command = next(self._commands)
        if command is None:
            raise StartError("no such program")
        return Part("the part", ["sh", "-c", command], {})


def supervise(clock: Clock, *commands: str | None) -> SupervisedPart:
    start = Script(*commands)
    return SupervisedPart(start(), start, 5.0, " (see its log)", clock)


def wait_end(supervised: SupervisedPart) -> None:
    wait_for(lambda: supervised.part.exit_code is not None, 10, "the part ends")


def test_each_end_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    """With what ended it, where to look, and when it starts again; then it does."""
    clock = Clock()
    supervised = supervise(clock, "exit 3", "kill -9 $$", None, "exec sleep 600")
    for line in (
        "the part ended with exit code 3 (see its log); it starts again in 1 s",
        "the part was ended by SIGKILL (see its log); it starts again in 2 s",
        "the part could not be started (no such program) (see its log); it starts again in 4 s",
    ):
        if "could not" not in line:
            wait_end(supervised)
            supervised.look()
        clock.now += 0.5
        supervised.look()
        assert supervised.is_down
        assert capfd.readouterr().out == f"queuecast: {line}\n"
        # Time that it was down, however long, is no time that it ran well.
        clock.now += float(line.split()[-2]) + RAN_WELL
        supervised.look()
    assert supervised.part.exit_code is None  # it runs
    supervised.stop()
    assert supervised.part.process.wait(0) == -signal.SIGTERM
    assert capfd.readouterr().out == ""


def test_what_it_had_started_is_killed() -> None:
    """Before it comes back: two of one kind would do each other's work."""
    supervised = supervise(Clock(), "sleep 600 & exit 1")
    wait_end(supervised)
    group = supervised.part.process.pid
    os.killpg(group, 0)  # somebody is left
    supervised.look()

    def is_gone() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    wait_for(is_gone, 5, "the group is gone")


def test_who_refuses_its_settings_does_not_come_back() -> None:
    """Neither while everything starts, nor later."""
    supervised = supervise(Clock(), f"exit {REFUSED}")
    wait_end(supervised)
    with pytest.raises(PartRefusedError):
        supervised.refuse_dead()
    with pytest.raises(PartRefusedError):
        supervised.look()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (1, "ended with exit code 1"),
        (-9, "was ended by SIGKILL"),
        (-35, "was ended by signal 35"),
    ],
)
def test_describe_end(code: int, words: str) -> None:
    """Signals by name, where they have one."""
    assert describe_end(code) == words
