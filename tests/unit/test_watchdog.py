"""`local.watchdog`: what a supervisor has started is killed when it is."""

from __future__ import annotations

import subprocess
import sys

import psutil

from shared.settings import CHECKOUT
from tests.system import INHERITED, wait_for

# A supervisor with two parts, each with a child of its own; one of them is forgotten.
SUPERVISOR = """
import os, signal, sys
from local.part import Part
from local.watchdog import Watchdog
watchdog = Watchdog()
watchdog._libc = None  # as where the kernel does not do it by itself
for name in ("registered", "forgotten"):
    command = ["sh", "-c", f"sleep 600 & echo {name} $$ $!; wait"]
    part = Part(name, command, os.environ, in_child=watchdog.register)
watchdog.forget(part.process.pid)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_kills_who_is_registered() -> None:
    """Whole process groups, as soon as the supervisor is gone; who was forgotten is left alone."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT, env=INHERITED, text=True,
    )  # fmt: skip
    assert supervisor.stdin is not None and supervisor.stdout is not None
    lines = [supervisor.stdout.readline().split() for _ in range(2)]
    found = {name: [psutil.Process(int(n)) for n in numbers] for name, *numbers in lines}
    try:
        assert all(is_alive(process) for processes in found.values() for process in processes)
        with supervisor.stdin as stdin:
            stdin.write("\n")
        assert supervisor.wait(5) == -9
        wait_for(lambda: not any(map(is_alive, found["registered"])), 5, "it is gone")
        assert all(map(is_alive, found["forgotten"]))
    finally:
        supervisor.stdout.close()
        for processes in found.values():
            for process in processes:
                if process.is_running():
                    process.kill()


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
