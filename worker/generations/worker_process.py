"""The worker's own process: it starts the generations, and replaces one by the next.

It loads the libraries, so that each generation shares them, and never a model: a generation begins
as a new worker would, with nothing in memory of the model before.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

from shared.errors import REFUSED
from shared.signal_names import ending
from shared.stop_limit import STOP_WITHIN, ignore_signals
from worker.generations.generation import Generation, Serve
from worker.generations.reports import Ready, Refused, ReloadAsked, Report, Tried
from worker.generations.signals import Signals

log = logging.getLogger(__name__)

# In seconds: how long a new generation may take to try its model, and then to start.
TRY_WITHIN, START_WITHIN = 600.0, 120.0
# What stops takes `STOP_WITHIN` seconds at most, and says then where it hung.
_KILL_AFTER = STOP_WITHIN + 1.5

# Told who asked for a reload how it ended: the version that is served from then on, and why it is
# the one of before, if it is.
Tell = Callable[[Sequence[ReloadAsked], str, str | None], None]


class WorkerProcess:
    """One generation serves. At a reload the next one starts beside it, and takes over when it is
    ready; the one before finishes what it has. When the next one cannot serve, nothing changes."""

    def __init__(self, serve: Serve, tell: Tell) -> None:
        self._serve = serve
        self._tell = tell
        self._signals = Signals()
        self._started = 0
        self._coming: Generation | None = None
        self._leaving: Generation | None = None
        # Who asked for the reload that is under way, and for the one after it.
        self._asked: list[ReloadAsked] = []
        self._asked_next: list[ReloadAsked] = []
        # Why the reload that is under way changes nothing, if it does not.
        self._kept: str | None = None
        # A request is passed on by each generation that sees it.
        self._seen: set[str] = set()

    def run(self) -> int:
        """Serve until told to stop; the exit code, which is `REFUSED` with one line on stderr when
        the first generation cannot start."""
        self._signals.listen()
        self._serving = self._start()
        while not self._signals.stop_asked:
            for generation in self._running():
                for report in generation.reports.read():
                    self._take(generation, report)
            if self._coming is not None:
                self._look_at_coming(self._coming)
            if self._leaving is not None and self._has_ended(self._leaving):
                self._end_reload(self._leaving)
            if self._serving.exit_code is not None and not self._succeeds():
                return self._end_as(self._serving)
            if self._signals.reload_asked or self._asked_next:
                self._begin_reload()
            self._signals.wait([g.reports.descriptor for g in self._running()], self._timeout())
        return self._stop()

    def _running(self) -> list[Generation]:
        return [g for g in (self._serving, self._coming, self._leaving) if g is not None]

    def _start(self) -> Generation:
        self._started += 1
        return Generation(self._started, self._serve)

    def _take(self, generation: Generation, report: Report) -> None:
        match report:
            case Tried(version):
                generation.version = version
                generation.began = time.monotonic()
            case Ready(version):
                generation.version, generation.is_ready = version, True
            case Refused(reason):
                generation.refused = reason
            case ReloadAsked(reload_id):
                if reload_id not in self._seen:
                    self._seen.add(reload_id)
                    self._asked_next.append(report)

    def _begin_reload(self) -> None:
        if self._coming is not None or self._leaving is not None:
            return  # after the one that is under way
        self._signals.reload_asked = False
        self._asked, self._asked_next = self._asked_next, []
        log.info("reload: the model of now is tried beside the one that is served")
        self._coming = self._start()

    def _look_at_coming(self, coming: Generation) -> None:
        if coming.is_ready:
            log.info("reload: model %s is ready and takes over", coming.version)
            self._leaving, self._serving, self._coming = self._serving, coming, None
            self._leaving.stop()
        elif coming.refused is not None:
            self._keep(coming, coming.refused)
        elif coming.exit_code is not None:
            self._keep(coming, f"the process that was to serve was {ending(coming.exit_code)}")
        elif time.monotonic() > coming.began + self._within(coming):
            what = "started" if coming.version else "tried"
            self._keep(coming, f"the new one was not {what} within {self._within(coming):g} s")

    def _keep(self, coming: Generation, reason: str) -> None:
        """The next generation cannot serve: nothing changes."""
        self._kept = reason
        log.error("reload: model %s is kept: %s", self._serving.version or "(none)", reason)
        self._leaving, self._coming = coming, None
        coming.stop()

    def _end_reload(self, leaving: Generation) -> None:
        leaving.reports.close()
        version = self._serving.version
        reason = self._kept or (None if self._serving.is_ready else self._serving.refused)
        if reason is None:
            log.info("reload: model %s is served; %s has left", version, leaving.version or "none")
        self._tell(self._asked, version, reason)
        self._leaving, self._kept, self._asked = None, None, []

    def _succeeds(self) -> bool:
        """Whether another generation takes the place of the one that served and has ended."""
        if self._coming is None and (self._leaving is None or self._kept is not None):
            return False
        code = self._serving.exit_code or 0
        log.error("reload: the process that served was %s; the next one starts", ending(code))
        self._serving.reports.close()
        self._serving, self._coming = self._coming or self._start(), None
        return True

    def _has_ended(self, leaving: Generation) -> bool:
        # One that takes the place of another is waited for.
        serving = self._serving
        is_known = serving.is_ready or serving.refused is not None or self._kept is not None
        return leaving.exit_code is not None and is_known

    @staticmethod
    def _within(coming: Generation) -> float:
        return START_WITHIN if coming.version else TRY_WITHIN

    def _timeout(self) -> float | None:
        if self._coming is None:
            return None
        return max(0.0, self._coming.began + self._within(self._coming) - time.monotonic())

    def _stop(self) -> int:
        """Let all of them end, and say how the one ended that served."""
        began = time.monotonic()
        running = self._running()
        for generation in running:
            generation.stop()
        while any(generation.exit_code is None for generation in running):
            if time.monotonic() > began + _KILL_AFTER:
                for generation in running:
                    generation.kill()
            self._signals.wait([], 0.5)
        ignore_signals()
        code = self._serving.exit_code
        # One that was still starting has no handler of its own yet.
        return 0 if code == -signal.SIGTERM else 1 if code is None or code < 0 else code

    @staticmethod
    def _end_as(ended: Generation) -> int:
        """End as a generation has ended that served, or was to."""
        code = ended.exit_code or 0
        if ended.refused is not None and code == REFUSED:
            sys.stderr.write(f"queuecast: {ended.refused}\n")
        if code < 0:
            number = -code
            if number != signal.SIGKILL:
                signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        return code
