"""What the worker's parent process does beside its children: heartbeats and clearing on threads of
their own, and on another one lost groups, attempts to give back, sweeps."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time

from shared.errors import BrokerAwayError, DatabaseAwayError, QueuecastError
from shared.queue.messages import Group
from worker import sweeper
from worker.clearing import Clearing
from worker.given_up import GivenUpGroups
from worker.heartbeat import Heartbeat
from worker.recovery import Recovery
from worker.sweeper import Sweeper

log = logging.getLogger(__name__)

# How often this looks whether there is something to do, in seconds.
EVERY = 1.0


class Maintenance:
    """Calls each part when its time has come, and goes on when one of them fails."""

    def __init__(
        self,
        heartbeat: Heartbeat,
        clearing: Clearing,
        sweeper: Sweeper,
        recovery: Recovery,
        given_up: GivenUpGroups,
    ) -> None:
        self.given_up = given_up
        self._heartbeat = heartbeat
        self._clearing = clearing
        self._sweeper = sweeper
        self._recovery = recovery
        # None asks the thread to end.
        self._lost: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin: the worker is ready."""
        self._heartbeat.start()
        self._clearing.start()
        self._thread.start()

    def lost(self, group: Group) -> None:
        """Recover this group, whose process died or was killed at its time limit; any thread may
        call this."""
        self._lost.put(group)

    def put_back(self, group: Group) -> None:
        """Let another worker have this group, which no process has begun: this one has stopped."""
        try:
            self._recovery.put_back(group)
        except BrokerAwayError as error:
            # Jobs are found by a later sweep; what nobody promised, its gateway turns into a job.
            log.warning("%d requests were not put back: %s", len(group.requests), error)

    def stop(self) -> None:
        """Let all threads end. A signal handler may call this, as `SimpleQueue.put` may be
        interrupted by itself."""
        self._heartbeat.stop()
        self._clearing.stop()
        self._lost.put(None)

    def join(self) -> None:
        """Wait until all threads have ended, and give back what was not given back by then."""
        self._heartbeat.join()
        self._clearing.join()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        self.given_up.give_back_at_the_end()

    def _run(self) -> None:
        next_sweep = time.monotonic()
        group: Group | None = None
        while True:
            try:
                if group is not None:
                    self._recovery.recover(group)
                self.given_up.give_back()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + sweeper.EVERY
                    self._sweeper.sweep()
            except QueuecastError as error:
                if isinstance(error, DatabaseAwayError):
                    self._sweeper.doubt_attempts()
                log.warning("maintenance waits: %s", error)
            except Exception:  # without this thread nothing that is lost would be found
                log.exception("maintenance")
            group = None
            with contextlib.suppress(queue.Empty):
                group = self._lost.get(timeout=EVERY)
                if group is None:
                    break
        self._leave()

    def _leave(self) -> None:
        try:
            self._sweeper.release()
        except QueuecastError as error:
            log.info("another worker sweeps only when the lease has ended: %s", error)
