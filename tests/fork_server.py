"""Starts gateways and workers for tests from a process that has loaded the libraries already.

A worker's start is two seconds of processor time, most of it for loading pandas and scikit-learn,
and the suite starts hundreds. What is forked here is a gateway or worker like any other: a session
and an environment of its own, the same `main`, the same exit codes. What only a start from nothing
shows is tested where it is made: `make run`, the images, the checks of imports.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from local.part import Part
from shared.settings import CHECKOUT, share_cores

# What each of them has loaded when it serves; `__main__` loads some of it late.
LOADED = {
    "api": ("api.__main__",),
    "worker": (
        "worker.__main__", "worker.generations.worker_process", "worker.serving",
        "sklearn.pipeline", "sklearn.compose", "sklearn.linear_model", "category_encoders",
    ),
}  # fmt: skip
_LARGEST = 1 << 20


class ForkedProcess:
    """A process that a fork server has started, as `subprocess.Popen` shows one."""

    def __init__(self, server: ForkServer, pid: int, arguments: list[str]) -> None:
        self._server = server
        self.pid = pid
        self.args = arguments
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.exit_code(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it goes on for longer, in seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._server.wait(0.05)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            # It may have ended since, and been waited for by the server that is its parent.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL it."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """One process that forks gateways, or workers of so many processes, which libraries are told
    when they are loaded."""

    def __init__(self, module: str, processes: int, environment: Mapping[str, str]) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        self._lock = threading.Lock()
        self._ended: dict[int, int] = {}
        self._started: list[int] = []
        # It ends when our end of the pair is closed, so at the latest with this process.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", module, str(processes), str(its.fileno())],
            cwd=CHECKOUT, env=dict(environment), pass_fds=[its.fileno()], start_new_session=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        its.close()

    def start(
        self, arguments: list[str], environment: Mapping[str, str], output: IO[bytes], folder: Path
    ) -> ForkedProcess:
        """Fork a process that has this environment and writes to `output`."""
        asked = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(asked).encode()], [output.fileno()])
            while not self._started:
                self._hear()
            return ForkedProcess(self, self._started.pop(), arguments)

    def exit_code(self, pid: int) -> int | None:
        """How a process ended that was started here; None while it runs."""
        with self._lock:
            while pid not in self._ended and self._can_hear(0):
                self._hear()
            return self._ended.get(pid)

    def wait(self, seconds: float) -> None:
        """Return when some process has ended, or after so many seconds."""
        self._can_hear(seconds)

    def close(self) -> None:
        """Let it end."""
        self._socket.close()
        self._process.wait(10)

    def _can_hear(self, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def _hear(self) -> None:
        said = self._socket.recv(_LARGEST)
        if not said:
            raise AssertionError(f"the fork server ended with code {self._process.wait(10)}")
        found = json.loads(said)
        if "started" in found:
            self._started.append(found["started"])
        else:
            self._ended[found["ended"]] = found["code"]


class ForkedPart(Part):
    """A part that a fork server started."""

    def __init__(self, name: str, process: ForkedProcess) -> None:
        self.name = name
        self.process = process


@functools.cache
def fork_server(module: str, processes: int) -> ForkServer:
    """The one server of this process for gateways, or for workers of so many processes."""
    # Libraries read the environment when they are loaded, and may change it.
    return ForkServer(module, processes, os.environ)


def main() -> None:
    """Load what `module` needs, and fork a process each time when that is asked for."""
    module, processes, descriptor = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if module == "worker":
        share_cores(processes)
    for name in LOADED[module]:
        importlib.import_module(name)
    asked = socket.socket(fileno=descriptor)
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([asked.fileno(), reading], [], [])
        if reading in ready:
            os.read(reading, 4096)
            _tell_of_the_ended(asked)
        if asked.fileno() in ready:
            said, descriptors, _, _ = socket.recv_fds(asked, _LARGEST, 1)
            if not said:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (asked.detach(), reading, writing):
                    os.close(other)
                sys.exit(_become(module, json.loads(said), descriptors[0]))
            os.close(descriptors[0])
            asked.send(json.dumps({"started": pid}).encode())


def _become(module: str, asked: dict[str, Any], output: int) -> int:
    """Be the process that was asked for; its exit code."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = asked["arguments"]
    code: int = importlib.import_module(f"{module}.__main__").main()
    return code


def _tell_of_the_ended(asked: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        asked.send(json.dumps({"ended": pid, "code": code}).encode())


if __name__ == "__main__":
    main()
