"""Sees when somebody asks, by way of Redis, that this worker takes up the model anew."""

from __future__ import annotations

import logging
import time

from shared.queue.broker import Broker
from shared.queue.reloads import ReloadOutcome, ReloadState
from worker.generations.reports import ReloadAsked, Reports

log = logging.getLogger(__name__)


class ReloadRequests:
    """Passes each request on, once, to the process that starts generations. What was asked before
    this generation began, by the monotonic clock, is not for it: it has read the folder since."""

    def __init__(
        self, worker: str, namespace: str, broker: Broker, reports: Reports, began: float
    ) -> None:
        self._worker = worker
        self._namespace = namespace
        self._broker = broker
        self._reports = reports
        self._began = began
        # The same by Redis' clock, once that is known.
        self._asked_since: float | None = None
        self._seen: set[str] = set()

    def look(self) -> None:
        """Look once.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        if self._asked_since is None:
            self._asked_since = self._broker.clock() - (time.monotonic() - self._began)
        requests = self._broker.reload_requests()
        for request in requests:
            if request.asked_at < self._asked_since or request.reload_id in self._seen:
                continue
            log.info("reload: asked for by request %s", request.reload_id)
            outcome = ReloadOutcome(self._worker, ReloadState.RELOADING)
            self._broker.tell_of_reload(request.reload_id, outcome)
            self._reports.say(ReloadAsked(request.reload_id, self._namespace))
            self._seen.add(request.reload_id)
        self._seen &= {request.reload_id for request in requests}
