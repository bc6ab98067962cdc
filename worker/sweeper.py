"""What the worker's parent process does beside its children: a sign of life, and the sweep that
brings lost messages of accepted jobs back and forgets old ones."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby

from shared.db import jobs, leases
from shared.db.engine import Database
from shared.db.jobs import Job
from shared.db.wait_limit import allow_waiting
from shared.errors import DatabaseAwayError, QueuecastError
from shared.queue.broker import Broker
from shared.queue.messages import (
    SET_ASIDE,
    Group,
    Kind,
    Lane,
    Outcome,
    Reply,
    Request,
    new_request_id,
)
from shared.settings import Settings
from worker.served_model import ServedModel

log = logging.getLogger(__name__)

BEAT_EVERY, BEAT_LASTS = 1.0, 5
# How often this looks whether the model answers, when it does not yet, or not any more.
LOOK_EVERY = 0.1
SWEEP_EVERY = 5.0
LEASE, LEASE_LASTS = "sweeper", 15.0
# A message that is this much older than what is being worked on is not coming any more.
PATIENCE = 10.0
# How long a worker that stops waits for the database, in seconds.
LAST_WAIT = 3.0
_MOST_RETURNED = 2000
_MOST_CLEARED = 1000


class Upkeep:
    """A thread of the parent process. `name` is this worker's."""

    def __init__(
        self, name: str, served: ServedModel, settings: Settings, database: Database, broker: Broker
    ) -> None:
        self._name = name
        self._served = served
        self._is_ready = False
        self._settings = settings
        self._database = database
        self._broker = broker
        # None: stop.
        self._lost: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._given_up: deque[Group] = deque()
        self._database_answered = False
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin; the worker is ready."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread say that this worker takes nothing any more, and end. A signal handler
        may call it: `SimpleQueue.put` may be interrupted by itself."""
        self._served.state.stop()
        self._lost.put(None)

    def join(self) -> None:
        """Wait until the thread has ended, should it have begun."""
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def lost(self, group: Group) -> None:
        """A process died, or was killed at its time limit, with this group. Called anywhere."""
        self._lost.put(group)

    def given_up(self, group: Group) -> None:
        """A process gave this group up because the database did not answer. Called anywhere."""
        if any(r.accepted for r in group.requests):
            self._given_up.append(group)

    def _run(self) -> None:
        next_sweep = time.monotonic()
        group: Group | None = None
        while True:
            try:
                if group is not None:
                    self.recover(group)
                self._beat()
                self.give_back()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + SWEEP_EVERY
                    self.sweep()
            except QueuecastError as error:
                if isinstance(error, DatabaseAwayError):
                    self._database_answered = False
                log.warning("upkeep waits: %s", error)
            except Exception:  # a thread that ends takes the sweeper with it
                log.exception("upkeep")
            group = None
            with contextlib.suppress(queue.Empty):
                group = self._lost.get(timeout=BEAT_EVERY if self._is_ready else LOOK_EVERY)
                if group is None:
                    break
        self._say_goodbye()

    def _beat(self) -> None:
        """Say that this worker is ready, as long as its model answers."""
        version = self._served.version
        if self._served.state.answers:
            self._broker.beat(self._name, version, BEAT_LASTS)
            if not self._is_ready:
                processes = self._settings.worker_processes
                log.info("ready: model %s, %d processes", version, processes)
        elif self._is_ready:
            self._broker.stop_beating(self._name, version)
        self._is_ready = self._served.state.answers

    def _say_goodbye(self) -> None:
        try:
            self._broker.stop_beating(self._name, self._served.version)
            self._database.write(lambda c: leases.release(c, LEASE, self._name))
        except QueuecastError as error:
            log.info("stopping without saying so: %s", error)

    def recover(self, group: Group) -> None:
        """Let what died with a process be tried again, in ever smaller company."""
        log.warning("a process was lost with %d requests", len(group.requests))
        promised = [r.request_id for r in group.requests if r.accepted]
        if promised:
            self._database.write(lambda c: jobs.end_leases(c, promised, group.group_id))
            self._bring_back()
        waited_for = [r for r in group.requests if not r.accepted]
        if not waited_for:
            return
        # One that became a job meanwhile has a message, and tries, of its own.
        ids = [r.request_id for r in waited_for]
        promised_since = self._database.read(lambda c: jobs.known(c, ids))
        again = [r for r in waited_for if r.request_id not in promised_since]
        tries = group.tries + 1
        if tries < jobs.MOST_ATTEMPTS:
            for part in _parts(again, _SIZES.get(tries, 1)):
                self._broker.publish(
                    Group(new_request_id(), group.reply_to, part, tries), Lane.INTERACTIVE
                )
        elif group.reply_to:
            outcomes = tuple(Outcome.set_aside(r.request_id) for r in again)
            self._broker.reply(group.reply_to, Reply(None, outcomes))

    def give_back(self) -> None:
        """Give back the attempts of the groups that were given up; the next sweep publishes their
        jobs again. Each is kept in mind until the database has answered.

        Raises:
            DatabaseAwayError: it still does not answer.
        """
        while self._given_up:
            group = self._given_up.popleft()
            promised = [r.request_id for r in group.requests if r.accepted]
            try:
                self._database.write(
                    lambda c, ids=promised, of=group.group_id: jobs.give_back(c, ids, of)  # type: ignore[misc]
                )
            except DatabaseAwayError:
                self._given_up.appendleft(group)
                raise
            log.warning("%d jobs were given up: their attempts do not count", len(promised))

    def give_back_at_the_end(self) -> None:
        """The same when this worker stops and its processes have ended, with one short try."""
        try:
            with allow_waiting(LAST_WAIT):
                self.give_back()
        except DatabaseAwayError as error:
            log.warning("%d groups keep an attempt too many: %s", len(self._given_up), error)

    def sweep(self) -> None:
        """Publish again what was lost, and clear what is old, unless another worker does."""
        mine = self._database.write(lambda c: leases.hold(c, LEASE, self._name, LEASE_LASTS))
        if mine:
            self._bring_back()
            retention = self._settings.job_retention
            self._database.write(lambda c: jobs.clear_finished(c, retention, _MOST_CLEARED))
        self._database_answered = True

    def _bring_back(self) -> None:
        # After a silence of the database the other workers give back what they gave up in it. Until
        # they had the time to, nobody can say of what the attempts were that are counted.
        if self._database_answered:
            self._tell(self._database.write(lambda c: jobs.set_aside(c, _MOST_RETURNED)))
        for lane in Lane:
            empty = self._broker.backlog(lane) == 0
            lost = self._database.write(
                lambda c, lane=lane, empty=empty: jobs.return_lost(  # type: ignore[misc]
                    c, lane, empty, PATIENCE, _MOST_RETURNED
                )
            )
            if lost:
                log.warning("%d jobs had no message on %s: published again", len(lost), lane)
            for group in regroup(lost, self._settings.group_size):
                self._broker.publish(group, lane)

    def _tell(self, dead: list[Job]) -> None:
        """Answer those who wait for jobs that were set aside, and let their updates end."""
        for job in dead:
            log.error("job %s was %s", job.request.request_id, SET_ASIDE)
            if job.reply_to:
                outcome = Outcome.set_aside(job.request.request_id)
                self._broker.reply(job.reply_to, Reply(None, (outcome,)))
            key = job.request.observation_id.key
            for waiting in self._database.read(lambda c, key=key: jobs.unfinished(c, key)):  # type: ignore[misc]
                if waiting.request.kind is Kind.UPDATE:
                    group = Group(new_request_id(), waiting.reply_to, (waiting.request,))
                    self._broker.publish(group, Lane.INTERACTIVE)


# Eight rows are scored together for the price of one (worker.scoring.scoring.BLOCK); after that,
# each alone.
_SIZES = {1: 8}


def regroup(lost: Iterable[Job], size: int) -> list[Group]:
    """Groups of jobs to publish again. Jobs that were tried before travel in ever smaller
    company: what they were grouped with may have died of one of them."""
    groups = []
    key = _travels_with
    for (reply_to, _, tries), same in groupby(sorted(lost, key=key), key=key):
        requests = [job.request for job in same]
        for part in _parts(requests, _SIZES.get(tries, 1) if tries else size):
            groups.append(Group(new_request_id(), reply_to or None, part))
    return groups


def _parts(requests: Sequence[Request], size: int) -> list[tuple[Request, ...]]:
    return [tuple(requests[start : start + size]) for start in range(0, len(requests), size)]


def _travels_with(job: Job) -> tuple[str, str, int]:
    return (job.reply_to or "", job.request.kind, min(job.attempts, 2))
