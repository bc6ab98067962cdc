"""What the worker's parent process does beside its children: a sign of life, and the sweep that
brings lost messages of accepted jobs back and forgets old ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from itertools import groupby

from shared import ledger
from shared.broker import Broker
from shared.database import Database
from shared.errors import QueuecastError
from shared.ledger import Job
from shared.messages import Group, Lane, new_request_id
from shared.settings import Settings

log = logging.getLogger(__name__)

BEAT_EVERY, BEAT_LASTS = 1.0, 5
SWEEP_EVERY = 5.0
LEASE, LEASE_LASTS = "sweeper", 15.0
# A message that is this much older than what is being worked on is not coming any more.
PATIENCE = 10.0
_MOST_RETURNED = 2000
_MOST_CLEARED = 1000


class Upkeep:
    """A thread of the parent process. `name` is this worker's, `version` its model's."""

    def __init__(
        self, name: str, version: str, settings: Settings, database: Database, broker: Broker
    ) -> None:
        self._name = name
        self._version = version
        self._settings = settings
        self._database = database
        self._broker = broker
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin; the worker is ready."""
        self._thread.start()

    def stop(self) -> None:
        """Say that this worker takes nothing any more, and end the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        try:
            self._broker.stop_beating(self._name)
            self._database.write(lambda c: ledger.release_lease(c, LEASE, self._name))
        except QueuecastError as error:
            log.info("stopping without saying so: %s", error)

    def _run(self) -> None:
        next_sweep = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._broker.beat(self._name, self._version, BEAT_LASTS)
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + SWEEP_EVERY
                    self.sweep()
            except QueuecastError as error:
                log.warning("upkeep waits: %s", error)
            except Exception:  # a thread that ends takes the sweeper with it
                log.exception("upkeep")
            self._stopping.wait(BEAT_EVERY)

    def sweep(self) -> None:
        """Publish again what was lost, and clear what is old, unless another worker does."""
        if not self._database.write(lambda c: ledger.hold_lease(c, LEASE, self._name, LEASE_LASTS)):
            return
        for lane in Lane:
            empty = self._broker.backlog(lane) == 0
            jobs = self._database.write(
                lambda c, lane=lane, empty=empty: ledger.return_lost(  # type: ignore[misc]
                    c, lane, empty, PATIENCE, _MOST_RETURNED
                )
            )
            if jobs:
                log.warning("%d jobs had no message on %s: published again", len(jobs), lane)
            for group in regroup(jobs, self._settings.group_size):
                self._broker.publish(group, lane)
        retention = self._settings.job_retention
        self._database.write(lambda c: ledger.clear_finished(c, retention, _MOST_CLEARED))


def regroup(jobs: Iterable[Job], size: int) -> list[Group]:
    """Groups of jobs to publish again. A job that was tried before travels alone: what it was
    grouped with may have died of it, or it of them."""
    groups = []
    key = _travels_with
    for (reply_to, _, tried), same in groupby(sorted(jobs, key=key), key=key):
        requests = [job.request for job in same]
        step = 1 if tried else size
        for start in range(0, len(requests), step):
            part = tuple(requests[start : start + step])
            groups.append(Group(new_request_id(), reply_to or None, part))
    return groups


def _travels_with(job: Job) -> tuple[str, str, bool]:
    return (job.reply_to or "", job.request.kind, job.attempts > 0)
