"""The sign of life by which gateways know that this worker has a model that answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from shared.errors import QueuecastError
from shared.queue.broker import Broker
from shared.queue.heartbeats import said_with
from shared.queue.messages import Lane
from shared.signal_event import SignalEvent
from worker.generations.reports import Ready, Refused, Reports
from worker.reload_requests import ReloadRequests
from worker.served_model import ServedModel

log = logging.getLogger(__name__)

# In seconds. A worker that misses a few beats in a row counts as gone.
EVERY, LASTS = 1.0, 5
# How often the model is looked at when it does not answer yet, or not any more.
LOOK_EVERY = 0.1
# How often it is said what the model is like, in case Redis has lost it.
DESCRIBE_EVERY = 30.0
_NO_PROCESS = "model {} answered its trial, but no process that was to serve it; the log says why"


class Heartbeat:
    """The sign of life of the worker `name`, which lasts as long as its model answers.

    On a thread of its own: whatever else this process waits for, a slow database say, its children
    go on to answer.
    """

    def __init__(
        self, name: str, served: ServedModel, processes: int, lanes: Sequence[Lane],
        broker: Broker, reports: Reports, reloads: ReloadRequests,
    ) -> None:  # fmt: skip
        self._name = name
        self._served = served
        self._processes = processes
        self._said = said_with(served.version, lanes)
        self._broker = broker
        self._reports = reports
        self._reloads = reloads
        self._is_ready = False
        self._has_reported = False
        # By the monotonic clock.
        self._described_at: float | None = None
        self._stopping = SignalEvent()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin: the children are there."""
        self._thread.start()

    def stop(self) -> None:
        """Say that this worker takes no more work, so that nobody counts on it until it expires;
        children that are still warming up end. A signal handler may call this."""
        self._served.state.stop()
        self._stopping.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._beat()
            except QueuecastError as error:
                log.warning("the heartbeat waits: %s", error)
            except Exception:  # without this thread no gateway would see this worker
                log.exception("heartbeat")
            self._stopping.wait(EVERY if self._is_ready else LOOK_EVERY)
        try:
            self._broker.stop_beating(self._name, self._said)
        except QueuecastError as error:
            log.info("stopping without saying so: %s", error)

    def _beat(self) -> None:
        """Say that this worker is alive and its model answers, or take that back."""
        version = self._served.version
        answers = self._served.state.answers
        if answers:
            if self._described_at is None or time.monotonic() > self._described_at + DESCRIBE_EVERY:
                self._broker.describe_model(version, self._served.description)
                self._described_at = time.monotonic()
            self._broker.beat(self._name, self._said, LASTS)
            if not self._is_ready:
                log.info("ready: model %s, %d processes", version, self._processes)
        elif self._is_ready:
            self._broker.stop_beating(self._name, self._said)
        self._is_ready = answers
        self._report(answers)
        self._reloads.look()

    def _report(self, answers: bool) -> None:
        """Tell the process that started us once whether we can serve."""
        if not self._has_reported and (answers or self._served.state.failed):
            self._has_reported = True
            version = self._served.version
            self._reports.say(Ready(version) if answers else Refused(_NO_PROCESS.format(version)))
