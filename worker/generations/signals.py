"""The signals of the process that starts generations, as events that its loop waits for."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Sequence
from typing import Any


class Signals:
    """What was asked for by signals. Handlers only take note: a process that is just being forked
    must not be lost by an exception."""

    def __init__(self) -> None:
        self.stop_asked = False
        self.reload_asked = False

    def listen(self) -> None:
        """From now on SIGTERM and SIGINT ask to stop, and SIGHUP to reload; SIGCHLD wakes."""
        self._woken, writing = os.pipe()
        for descriptor in (self._woken, writing):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def wait(self, descriptors: Sequence[int], seconds: float | None) -> None:
        """Wait for a signal, or until one of these can be read; at most so many seconds."""
        select.select([self._woken, *descriptors], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)

    def _stop(self, *_: Any) -> None:
        self.stop_asked = True

    def _reload(self, *_: Any) -> None:
        self.reload_asked = True
