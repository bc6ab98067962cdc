"""The gateway's parts, wired once, and the two ways in which a request is served."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from api.acceptance.admission import Admission
from api.acceptance.outbox import Outbox
from api.database_watch import DatabaseWatch
from api.grouping.batcher import Batcher
from api.grouping.pending import LoopWaiter, Pending, ReplyReader, Waiter
from api.http.preferences import Preference
from shared.db import jobs
from shared.db.engine import Database, connect
from shared.errors import BrokerAwayError, BusyError, DatabaseAwayError, UnavailableError
from shared.queue.broker import Broker, make_redis
from shared.queue.messages import Group, Lane, Outcome, Request, Status, new_request_id
from shared.settings import Settings

log = logging.getLogger(__name__)

# No call that a client waits for may wait longer than this for a part.
DATABASE_WAIT = 1.0
REDIS_WAIT = 1.0
# Groups that may wait for a worker; whoever else would join them has to become a job.
MOST_GROUPS = 64
# Threads on which plain predictions become jobs when their time is up.
PROMISING = 64


class Gateway:
    """Everything behind the routes. `start` connects; `close` ends its threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database: Database = connect(
            settings.database_url, settings.database_connections, DATABASE_WAIT
        )
        self.broker = Broker(make_redis(settings, REDIS_WAIT))
        self.room = Pending()
        # Whoever waits is told so at once: this gateway stops.
        self.handing_back = False
        self.long_polls = threading.BoundedSemaphore(settings.long_polls or 1)
        self._loop: asyncio.AbstractEventLoop
        # As many at once as a commit takes together.
        self._promising = ThreadPoolExecutor(PROMISING, "promises")
        self._channel = f"{os.getpid()}-{new_request_id()}"
        self._dispatch = Batcher(
            self.room, self._publish, self._channel, settings.groups_in_flight, settings.group_size
        )
        self._replies = ReplyReader(
            self.broker, self._channel, self._dispatch.returned, self.room.refuse_all
        )
        self._promises = Outbox(
            self.database,
            self.broker,
            lambda: self._replies.redis_is_away,
            self._channel,
            settings.group_size,
        )
        self._admission = Admission(settings.queue_limit)
        self._watch = DatabaseWatch(self.database, self.room, self._admission)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let plain predictions wait on this loop."""
        self.room.loop = self._loop = loop

    def start(self) -> None:
        """Begin to watch the database and to read replies.

        Raises:
            StartError: the database refuses us, or its schema is newer than ours.
        """
        self._watch.start()
        self._dispatch.start()
        self._replies.start()

    def hand_back(self) -> None:
        """Let nobody wait any longer: what has no outcome yet becomes a job, or is one."""
        self.handing_back = True
        self.room.refuse_all(BusyError("this gateway stops"))

    def close(self) -> None:
        """End the threads; requests that still wait run into their deadlines."""
        self._watch.stop()
        self._replies.stop()
        self._dispatch.stop()
        self.database.close()

    async def predict_soon(self, request: Request) -> Outcome | None:
        """A plain prediction's outcome, or None when it is a job now; called on the event loop.

        Raises:
            UnavailableError: a part is away and nothing was promised.
        """
        self._refuse_when_away()
        wait = self.settings.sync_wait
        if wait > 0:
            waiter = LoopWaiter(request.request_id, self._loop)
            self._dispatch.put(request, waiter)
            outcome = await waiter.wait(wait)
            if outcome is None:
                self._dispatch.give_up(waiter)
                outcome = waiter.outcome  # it may have come while we gave up
            if _is_answer(outcome):
                return outcome
        work = self._convert if wait > 0 else self._accept
        return await self._loop.run_in_executor(self._promising, work, request)

    def predict(self, request: Request, preference: Preference) -> Outcome | None:
        """A prediction's outcome, or None when it is a job now; called on a thread.

        Raises:
            UnavailableError: a part is away and nothing was promised.
        """
        self._refuse_when_away()
        wait = preference.seconds(self.settings.sync_wait, self.settings.sync_wait_max)
        if wait <= 0:
            self._accept(request)
            return None
        waiter = Waiter(request.request_id)
        self._dispatch.put(request, waiter)
        outcome = waiter.wait(wait)
        if outcome is None:
            self._dispatch.give_up(waiter)
            outcome = waiter.outcome
        return outcome if _is_answer(outcome) else self._convert(request)

    def _accept(self, request: Request) -> None:
        self._admission.admit(waited_for=False)
        self._promises.accept(request, Lane.DEFERRED)

    def _convert(self, request: Request) -> Outcome | None:
        self._refuse_without_database()
        self._admission.admit(waited_for=True)
        return self._promises.convert(request)

    def update(self, request: Request, preference: Preference) -> Outcome | None:
        """An update's outcome, or None when it is still to be done.

        Every update is a job from the start: the ledger's numbers are the order in which labels
        apply.

        Raises:
            UnavailableError: a part is away and nothing was promised.
        """
        self._refuse_when_away()
        wait = preference.seconds(self.settings.sync_wait, self.settings.sync_wait_max)
        deadline = time.monotonic() + wait
        if wait <= 0:
            self._accept(request)
            return None
        self._admission.admit(waited_for=True)
        waiter = Waiter(request.request_id)
        self.room.enter(waiter)
        try:
            self._promises.accept(request, Lane.INTERACTIVE)
            waiter.wait(deadline - time.monotonic())
        finally:
            self.room.leave(waiter)
        # A refusal is none: it is promised.
        return waiter.outcome if _is_answer(waiter.outcome) else self._ended(request)

    def republish(self, waiting: list[jobs.Job]) -> None:
        """Let workers look at unfinished jobs again: what they waited for has changed."""
        if not waiting:
            return
        group = Group(new_request_id(), self._channel, tuple(j.request for j in waiting))
        try:
            self.broker.publish(group, Lane.INTERACTIVE)
        except BrokerAwayError:
            log.warning("%d updates wait for Redis", len(waiting))

    def _ended(self, request: Request) -> Outcome | None:
        """How a job ended, as far as the ledger can be asked; it is promised either way."""
        try:
            job = self.database.read(lambda c: jobs.find(c, request.request_id))
        except DatabaseAwayError:
            return None
        if job is None or not job.status.final or job.status is Status.CANCELLED:
            return None
        return Outcome(request.request_id, job.status_code or 200, job.outcome or {})

    def _publish(self, group: Group) -> None:
        if self._replies.backlog > MOST_GROUPS:
            # Nobody takes them. Who waits is promised an answer instead; the queue stays small.
            raise BusyError("the workers do not keep up")
        self.broker.publish(group, Lane.INTERACTIVE)

    def _refuse_without_database(self) -> None:
        if self._watch.database_is_away:
            raise DatabaseAwayError("the database does not answer")

    def _refuse_when_away(self) -> None:
        self._refuse_without_database()
        if self._replies.redis_is_away:
            raise BrokerAwayError("Redis does not answer")


def _is_answer(outcome: Outcome | None) -> bool:
    """Whether a client can be told this; else the request is still to be done."""
    return outcome is not None and outcome.status_code != UnavailableError.status
