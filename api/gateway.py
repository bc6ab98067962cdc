"""What the routes ask for: a prediction, an update, a job. The gateway's parts are wired here."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.acceptance.admission import Admission
from api.acceptance.database_threads import DatabaseThreads
from api.acceptance.job_lookup import JobLookup
from api.acceptance.outbox import Outbox
from api.batches.uploads import Uploads
from api.cancelling import end
from api.database_watch import DatabaseWatch
from api.dispatch import Awaited, Dispatch, is_answer
from api.grouping.loop_broker import LoopBroker
from api.grouping.pending import Pending
from api.grouping.replies import ReplyReader
from api.http.preferences import Preference
from api.redis_watch import RedisWatch
from api.reloads import Reloads
from shared.db.engine import Database, connect
from shared.db.job_rows import Job
from shared.errors import (
    BusyError,
    DatabaseAwayError,
    UnavailableError,
    UnknownOutcomeError,
)
from shared.queue.messages import (
    Group,
    Kind,
    Lane,
    Outcome,
    Request,
    new_request_id,
)
from shared.settings import Settings

log = logging.getLogger(__name__)

# No call that a client waits for may wait longer than this for a part, in seconds.
DATABASE_WAIT = 1.0
REDIS_WAIT = 1.0
_DONE = {Kind.PREDICT: "prediction is stored", Kind.UPDATE: "update is applied"}


class Gateway:
    """Everything behind the routes. `prepare` comes first, `start` on the event loop; `close` ends
    what they began. All coroutines are for that loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database: Database = connect(
            settings.database_url, settings.database_connections, DATABASE_WAIT
        )
        # Clients who wait are told so at once: this gateway stops.
        self.handing_back = False
        self._channel = f"{os.getpid()}-{new_request_id()}"
        self._admission = Admission(settings.queue_limit)
        self.database_watch = DatabaseWatch(self.database, self._admission, self._tell_all)

    def prepare(self) -> None:
        """See whether the database takes us, and bring its schema up to date.

        Raises:
            StartError: the database refuses us, or its schema is newer than ours.
        """
        self.database_watch.prepare()

    async def start(self) -> None:
        """Look at both parts, then begin to watch them and to read replies."""
        settings = self.settings
        self._loop = asyncio.get_running_loop()
        self.pending = Pending(self._loop)
        self._broker = LoopBroker(settings, REDIS_WAIT, lambda: self.database_watch.names)
        self.redis_watch = RedisWatch(self._broker, self.pending)
        self.reloads = Reloads(self._broker, self.redis_watch)
        self._threads = DatabaseThreads(self.database, settings.database_connections)
        self._dispatch = Dispatch(
            settings,
            self._channel,
            self._broker,
            self.redis_watch,
            self.pending,
            self._threads,
            self._promise,
        )
        self._outbox = Outbox(
            self._threads, self._dispatch.publish_jobs, self._channel, settings.group_size
        )
        self._jobs = JobLookup(self._threads, settings.group_size)
        self.uploads = Uploads(
            settings, self._threads, self._broker.publish_pieces, self._check_text
        )
        await self.redis_watch.look()
        self.database_watch.start()
        replies = ReplyReader(self._broker, self._channel, self._dispatch.returned)
        self._tasks = {
            self._loop.create_task(self.redis_watch.run()),
            self._loop.create_task(replies.run()),
        }

    def hand_back(self) -> None:
        """Let nobody wait any longer: what has no outcome yet becomes a job, or is one."""
        self.handing_back = True
        self.pending.refuse_all(BusyError("this gateway stops"))

    async def close(self) -> None:
        """End the watches and close every connection."""
        await end(self._tasks)
        await self._dispatch.close()
        await self._broker.close()
        self.database_watch.stop()
        self.database.close()

    async def ask(self, request: Request, preference: Preference) -> Outcome | None:
        """The outcome of a prediction or an update, or None when it is a job now.

        Raises:
            UnavailableError: a part is away and nothing was promised.
            WrongShapeError: the database's encoding cannot hold it.
            UnknownOutcomeError: it may have been stored, applied or promised all the same.
        """
        self._refuse_when_away()
        self._check_encoding(request)
        wait = preference.seconds(self.settings.sync_wait, self.settings.sync_wait_max)
        if wait <= 0:
            self._admission.admit(waited_for=False)
            await self._outbox.accept(request, Lane.DEFERRED)
            return None
        awaited = await self._dispatch.wait_for(request, wait)
        return await self._answer(replace(request, number=awaited.number), awaited)

    async def _answer(self, request: Request, awaited: Awaited) -> Outcome | None:
        """What a client is told that has waited: its outcome, or None when it is a job now."""
        outcome = awaited.outcome
        if is_answer(outcome):
            return outcome
        try:
            return await self._convert(request)
        except UnavailableError as error:
            refused = outcome is not None and outcome.status_code == UnavailableError.status
            if refused or not awaited.is_out or isinstance(error, UnknownOutcomeError):
                raise
            done = _DONE[request.kind]
            raise UnknownOutcomeError(
                f"{error}; it cannot be known whether this {done}: send it again",
                error.retry_after,
            ) from error

    async def models(self) -> list[tuple[str, int, dict[str, Any]]]:
        """The models that workers serve, those of most workers first: each one's version, how many
        they are, and what they say of it.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        self.redis_watch.refuse_when_away()
        counted = Counter(worker.model_version for worker in self.redis_watch.queue.workers)
        versions = [version for version, _ in counted.most_common()]
        described = await self._broker.model_descriptions(versions)
        return [
            (version, counted[version], found or {})
            for version, found in zip(versions, described, strict=True)
        ]

    async def find_job(self, job_id: str) -> Job | None:
        """A job as the database has it now; many requests share one look.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        self.database_watch.refuse_reading()
        return await self._jobs.find(job_id)

    async def was_cleared(self, job_id: str) -> bool:
        """Whether a job that is not found was there once.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        return await self._jobs.was_cleared(job_id)

    async def wait_for(self, job_id: str, seconds: float) -> None:
        """Wait until something is said about a job, at most so many seconds."""
        waiter = self.pending.enter(job_id)
        try:
            await waiter.wait(seconds)
        finally:
            self.pending.leave(waiter)

    def republish(self, waiting: Sequence[Job]) -> None:
        """Let workers look at unfinished jobs again: what they waited for has changed. Called on
        any thread."""
        if waiting:
            requests = tuple(job.request for job in waiting)
            self._loop.call_soon_threadsafe(self._send_again, requests)

    def _send_again(self, requests: tuple[Request, ...]) -> None:
        group = Group(new_request_id(), self._channel, requests)
        self._dispatch.send_jobs(group)

    async def _promise(self, left: Sequence[Request]) -> None:
        """Make jobs of updates that a worker passed over, while their clients go on waiting."""
        try:
            for _ in left:
                self._admission.admit(waited_for=True)
            await asyncio.gather(*(self._outbox.accept(r, Lane.INTERACTIVE) for r in left))
        except (UnavailableError, UnknownOutcomeError) as error:
            log.warning("%d updates wait until their time is up: %s", len(left), error)

    async def _convert(self, request: Request) -> Outcome | None:
        self.database_watch.refuse_writing()
        self._admission.admit(waited_for=True)
        return await self._outbox.convert(request)

    def _tell_all(self, error: DatabaseAwayError) -> None:
        """Tell all who wait; called on the thread that watches the database."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._threads.give_up, error)
            self._loop.call_soon_threadsafe(self.pending.refuse_all, error)

    def _check_encoding(self, request: Request) -> None:
        # Here, and not when it is stored: there it would fail together with its whole group.
        encoding = self.database_watch.encoding
        encoding.check("id", request.observation_id.key)
        encoding.check("the body", request.body)

    def _check_text(self, what: str, text: str) -> None:
        self.database_watch.encoding.check(what, text)

    def _refuse_when_away(self) -> None:
        self.database_watch.refuse_writing()
        self.redis_watch.refuse_when_away()
