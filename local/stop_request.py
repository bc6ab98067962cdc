"""The request, made by a signal, that all of `make run` stops."""

from __future__ import annotations

import signal

from shared.signal_event import SignalEvent


class Stopped(Exception):  # noqa: N818
    """A signal asked us to stop. Raised only where no part is half started."""


class StopRequest:
    """Remembers that a signal asked us to stop.

    A handler that raised could lose a process that was just being started, and a second Ctrl-C
    must not cut the draining short.
    """

    def __init__(self) -> None:
        self._asked = SignalEvent()

    def listen(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP, which comes when the terminal is closed, ask."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` has it ignored, so that a closed terminal does not stop us.
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue
            signal.signal(number, lambda *_: self._asked.set())

    def pause(self, seconds: float = 0.0) -> None:
        """Wait a little.

        Raises:
            Stopped: a signal asked us to stop.
        """
        if self._asked.wait(seconds):
            raise Stopped
