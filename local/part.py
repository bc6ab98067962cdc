"""One process of ours: started in a session of its own, watched, and stopped cleanly."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from shared.errors import StartError

LOOK_EVERY = 0.05


class Process(Protocol):
    """What is used of a started process; `subprocess.Popen` is one."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, for so many seconds."""

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """SIGKILL it."""


class Part:
    """A child process with a name, which messages call it by."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        output: IO[bytes] | None = None,
        folder: Path | None = None,
        user: str | None = None,
        stdin: bytes | None = None,
        keep_open: Sequence[int] = (),
        in_child: Callable[[], None] | None = None,
    ) -> None:
        """Start it. `keep_open` are file descriptors that it inherits; `in_child` is called in the
        new process before the command takes it over."""
        self.name = name
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            cwd=folder,
            user=user,
            # A session of its own: Ctrl-C reaches only the supervisor, which stops parts in order.
            start_new_session=True,
            pass_fds=tuple(keep_open),
            preexec_fn=in_child,
        )
        self.process: Process = process
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition.

        Raises:
            StartError: the part ended, or the time was up.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_code is not None:
                raise StartError(f"{self.name} ended at once, with exit code {self.exit_code}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} was not ready within {seconds:g} s")
            time.sleep(LOOK_EVERY)

    def stop(self, seconds: float, signal_number: int = signal.SIGTERM) -> bool:
        """Ask it to stop and wait; kill its whole session when it does not. True when it did."""
        if self.exit_code is None:
            self.process.send_signal(signal_number)
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.kill()
            return False

    def kill(self) -> None:
        """SIGKILL it and everything that it started."""
        # macOS refuses permission where only processes are left that have ended already.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
