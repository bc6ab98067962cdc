"""The worker's parent process: Celery's, stopped by signals that may come at any moment and again.

Celery's own handlers tell the rest of Celery that they were called, which takes a lock. A second
SIGTERM that interrupts the handler of the first would wait for that lock for ever.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from celery import Celery, bootsteps
from celery.apps.worker import Worker
from celery.concurrency.prefork import TaskPool
from celery.platforms import EX_OK, set_pdeathsig
from celery.worker import state

from shared.settings import Settings
from shared.stop_limit import limit_stopping
from worker.orphans import end_with_parent

# How long Redis takes to answer that there is no message (kombu's default), and some more.
SILENT_WITHIN = 1.5


class SignalSafeWorker(Worker):  # type: ignore[misc]
    """A worker that at a signal finishes what its children have, and ends. `on_stop` is called
    first, in the signal handler, once."""

    def __init__(
        self, app: Celery, name: str, pool: type[TaskPool], settings: Settings,
        on_stop: Callable[[], None],
    ) -> None:  # fmt: skip
        self._on_stop = on_stop
        self._stops = False
        super().__init__(
            app=app,
            hostname=name,
            pool=pool,
            concurrency=settings.worker_processes,
            # Workers know nothing of each other: what they agree on is in Redis and the database.
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=settings.log_level,
            quiet=True,
        )

    def install_platform_tweaks(self, worker: Worker) -> None:
        """Called by Celery when it starts, to set its signal handlers."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, *_: Any) -> None:
        if not self._stops:
            self._stops = True
            limit_stopping()
            self._on_stop()
            # While Redis is away there is no turn of the loop at which it could be seen to be
            # silent.
            signal.signal(signal.SIGALRM, _stop_loop)
            signal.setitimer(signal.ITIMER_REAL, SILENT_WITHIN)


def _stop_loop(*_: Any) -> None:
    # Celery's loop reads this at every turn, and when it connects.
    state.should_stop = EX_OK


def stop_when_silent(
    stopping: Callable[[], bool], awaits_a_message: Callable[[], bool]
) -> type[bootsteps.StartStopStep]:
    """Stops Celery's loop when the worker is to stop, and no message is on its way any more: one
    that was asked for is still given to a child."""

    def look() -> None:
        if stopping() and not awaits_a_message():
            _stop_loop()
            state.maybe_shutdown()

    class StopWhenSilent(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = {"celery.worker.components:Pool"}

        def register_with_event_loop(self, worker: Any, hub: Any) -> None:
            """Called by Celery when its loop is made."""
            hub.on_tick.add(look)

    return StopWhenSilent


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent, which had this id, ends; where the kernel
    cannot, a thread looks twice a second."""
    if sys.platform != "linux":
        end_with_parent()
        return
    set_pdeathsig("SIGKILL")
    if os.getppid() != parent:  # it has ended before we asked
        os._exit(1)
