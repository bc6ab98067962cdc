"""One generation: a process that serves the model as the folder had it when it began."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

from worker.generations.reports import ReportReader, Reports

# Serves in a process of its own until it is told to stop, and returns its exit code; it is given
# its number.
Serve = Callable[[int, Reports], int]

_OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Generation:
    """A generation as the process sees it that started it. `number` counts from one."""

    def __init__(self, number: int, serve: Serve) -> None:
        """Fork it.

        It must be called in a process without threads, with nothing on the stack that would be
        undone twice: the child leaves it by `SystemExit`, as a process that has just started."""
        self.number = number
        self.version = ""
        self.refused: str | None = None
        self.is_ready = False
        self.began = time.monotonic()
        self._exit_code: int | None = None
        reading, writing = os.pipe()
        # A signal to the child waits until it has handlers of its own: ours would only take note of
        # it, in the child's copy of this object.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            signal.set_wakeup_fd(-1)
            for number_of_signal in _OURS:
                signal.signal(number_of_signal, signal.SIG_DFL)
            # It is for the process that started us.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            sys.exit(serve(number, Reports(writing)))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(writing)
        self.reports = ReportReader(reading)

    @property
    def exit_code(self) -> int | None:
        """How it ended: negative for a signal; None while it runs."""
        if self._exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
        return self._exit_code

    def stop(self) -> None:
        """Let it finish what it has, and end; more often changes nothing."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once; its own processes end with it."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.exit_code is None:
            os.kill(self.pid, number)
