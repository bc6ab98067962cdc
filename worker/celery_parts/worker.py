"""The worker's parent process: Celery's, stopped by signals that may come at any moment and again.

Celery's own handlers tell the rest of Celery that they were called, which takes a lock; a second
SIGTERM in the middle of the first then waits for itself for ever.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from celery.apps.worker import Worker
from celery.platforms import EX_OK
from celery.worker import state

from shared.stop_limit import limit_stopping


class Service(Worker):  # type: ignore[misc]
    """A worker that finishes what its children have and ends; `on_stop` is told first, in the
    signal handler, once."""

    def __init__(self, *, on_stop: Callable[[], None], **options: Any) -> None:
        self._on_stop = on_stop
        super().__init__(**options)

    def install_platform_tweaks(self, worker: Worker) -> None:
        """Called by Celery when it starts, to set its signal handlers."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, *_: Any) -> None:
        if state.should_stop is None:
            # Celery's loop looks at it at every turn.
            state.should_stop = EX_OK
            limit_stopping()
            self._on_stop()
