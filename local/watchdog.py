"""A process that outlives the supervisor for a moment, to kill what the supervisor started.

Nothing else does that on every system: a supervisor that was killed cannot stop its parts, and they
are in sessions of their own. The supervisor holds the only writing end of a pipe to the watchdog,
so that the pipe ends when the supervisor does, however it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable

from shared.settings import CHECKOUT, ENVIRONMENT

_PR_SET_PDEATHSIG = 1


class Watchdog:
    """The supervisor's side. Every part calls `register` before it becomes what it runs."""

    def __init__(self) -> None:
        # Loaded here, so that a child has nothing to load between its fork and its exec.
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._process = self._start()

    def register(self) -> None:
        """Have this process, and its process group, killed when the supervisor has ended.

        To be called in a new child before its exec. Until then it has a copy of the pipe's writing
        end, so that the watchdog cannot see the end of the pipe before it has read this.
        """
        self._send(f"+{os.getpid()}")
        if self._libc is not None:
            # Linux itself kills the process as well, in case the watchdog was killed. It does so
            # when the thread ends that forked, so parts are started on the main thread.
            self._libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))

    def forget(self, process_id: int) -> None:
        """Kill this process no more: it has ended, and its number may become another's."""
        # If the watchdog was killed, it has nothing left to forget.
        with contextlib.suppress(BrokenPipeError):
            self._send(f"-{process_id}")

    def revive(self, process_ids: Iterable[int]) -> None:
        """Start the watchdog again if it was killed, and let it know these processes."""
        if self._process.poll() is None:
            return
        # If no process can be started now, the next call tries again.
        with contextlib.suppress(OSError):
            replacement = self._start()
            self._close_pipe()
            self._process = replacement
            for process_id in process_ids:
                self._send(f"+{process_id}")

    def close(self) -> None:
        """End it; what is still registered is killed."""
        self._close_pipe()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "local.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            bufsize=0,
            cwd=CHECKOUT,
            env=dict(ENVIRONMENT),
            start_new_session=True,
        )

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        # One write of a few bytes: the kernel does not mix those of several processes.
        os.write(self._process.stdin.fileno(), f"{line}\n".encode())

    def _close_pipe(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()


def main() -> None:
    """Read until the pipe ends which processes are registered, then kill them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    registered: set[int] = set()
    for line in sys.stdin:
        change = registered.add if line[0] == "+" else registered.discard
        change(int(line[1:]))
    for process_id in registered:
        # The group of a part bears the number of the part's process.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process_id, signal.SIGKILL)


if __name__ == "__main__":
    main()
