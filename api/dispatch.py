"""How requests get to the workers in groups, and their outcomes back to who waits for them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.acceptance.database_threads import DatabaseThreads
from api.cancelling import end
from api.grouping.batcher import Batcher
from api.grouping.loop_broker import LoopBroker
from api.grouping.pending import Pending
from api.redis_watch import RedisWatch
from shared.db import job_numbers
from shared.errors import (
    BrokerAwayError,
    BusyError,
    DatabaseAwayError,
    QueuecastError,
    UnavailableError,
    UnknownCommitError,
    UnknownOutcomeError,
)
from shared.queue.messages import Group, Kind, Lane, Outcome, Reply, Request
from shared.settings import Settings

log = logging.getLogger(__name__)

# Groups that may wait for a worker; a request that would join them has to become a job.
MOST_GROUPS = 64
_NO_ANSWERS = (UnavailableError.status, UnknownOutcomeError.status)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What came of a request that was waited for: its outcome, if there is one; whether a worker
    may do it from now on, which is not so when it never left; the number that an update was sent
    with."""

    outcome: Outcome | None
    is_out: bool
    number: int | None


class Dispatch:
    """One process's groups that are on their way; of the event loop's thread only."""

    def __init__(
        self,
        settings: Settings,
        channel: str,
        broker: LoopBroker,
        redis_watch: RedisWatch,
        pending: Pending,
        database: DatabaseThreads,
        promise: Callable[[Sequence[Request]], Coroutine[Any, Any, None]],
    ) -> None:
        self._broker = broker
        self._redis_watch = redis_watch
        self._pending = pending
        self._database = database
        self._promise = promise
        # The updates of each group that no worker has replied to.
        self._sent_updates: OrderedDict[str, tuple[Request, ...]] = OrderedDict()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

        def batcher(send: Callable[[Group], Coroutine[Any, Any, None]]) -> Batcher:
            return Batcher(
                lambda group: self._begin(send(group)), channel, settings.groups_in_flight,
                settings.group_size, settings.group_bytes, self._loop,
            )  # fmt: skip

        self._batchers = {
            Kind.PREDICT: batcher(self._publish),
            Kind.UPDATE: batcher(self._number_and_publish),
        }

    async def wait_for(self, request: Request, seconds: float) -> Awaited:
        """Let a request travel in a group, and wait for its outcome at most so many seconds.

        Raises:
            DatabaseAwayError: an update could not be given its number.
        """
        batcher = self._batchers[request.kind]
        waiter = self._pending.enter(request.request_id)
        batcher.put(request)
        has_left = True
        try:
            await waiter.wait(seconds)
        finally:
            if not is_answer(waiter.outcome):
                self._pending.leave(waiter)
                has_left = not batcher.give_up(request.request_id)
        if waiter.refusal is not None:
            raise DatabaseAwayError(str(waiter.refusal))
        is_out = has_left if request.kind is Kind.PREDICT else waiter.number is not None
        return Awaited(waiter.outcome, is_out, waiter.number)

    def returned(self, reply: Reply) -> None:
        """A worker has replied."""
        # What waits for the queue comes first: it decides when the next answers come.
        for batcher in self._batchers.values():
            batcher.returned(reply.group_id, len(reply.outcomes))
        self._pending.settle(reply.outcomes)
        left = self._passed_over(reply)
        if left:
            self._begin(self._promise(left))

    def _passed_over(self, reply: Reply) -> list[Request]:
        """Updates of a group whose reply says nothing of them, and which are waited for: a worker
        of wire version 2 knows only updates that are jobs. One that waits for its prediction is a
        job already, which does no harm."""
        sent = self._sent_updates.pop(reply.group_id or "", ())
        return [r for r in sent if self._pending.waits_for(r.request_id)]

    async def publish_jobs(self, group: Group, lane: Lane) -> None:
        """Put a group of jobs on a lane.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        self._redis_watch.refuse_when_away()
        try:
            await self._broker.publish(group, lane)
        except BrokerAwayError as error:
            # The next group of jobs does not wait for it again.
            self._redis_watch.failed(error)
            raise

    def send_jobs(self, group: Group) -> None:
        """Begin to put a group of jobs on the interactive lane. When Redis is away the sweeper
        does it."""
        self._begin(self._publish_or_warn(group))

    async def close(self) -> None:
        """End what is being sent."""
        await end(self._tasks)

    async def _publish_or_warn(self, group: Group) -> None:
        try:
            await self.publish_jobs(group, Lane.INTERACTIVE)
        except BrokerAwayError:
            log.warning("%d updates wait for Redis", len(group.requests))

    async def _number_and_publish(self, group: Group) -> None:
        try:
            count = len(group.requests)
            numbers = await self._database.draw(lambda d: job_numbers.draw_numbers(d, count))
        except DatabaseAwayError as error:
            # A promise would find the same out, in as much time again.
            if isinstance(error, UnknownCommitError):
                # Numbers of which nobody knows whether they are drawn harm nobody.
                error = DatabaseAwayError("the database does not answer")
            self._pending.refuse((r.request_id for r in group.requests), error)
            self._failed(group)
            return
        except QueuecastError as error:
            self._not_published(group, error)
            return
        # One whose wait ended meanwhile becomes a job, of another number: it must not go out.
        sent = tuple(
            replace(request, number=number)
            for request, number in zip(group.requests, numbers, strict=True)
            if self._pending.note_number(request.request_id, number)
        )
        if sent:
            self._sent_updates[group.group_id] = sent
            if len(self._sent_updates) > MOST_GROUPS:  # no reply ever came
                self._sent_updates.popitem(last=False)
            await self._publish(replace(group, requests=sent))
        else:
            self._failed(group)

    async def _publish(self, group: Group) -> None:
        try:
            if self._redis_watch.queue.waiting > MOST_GROUPS:
                # Nobody takes them. Clients can be promised an answer; the queue stays small.
                raise BusyError("the workers do not keep up")
            await self._broker.publish(group, Lane.INTERACTIVE)
        except BusyError as error:
            self._not_published(group, error)
        except BrokerAwayError as error:
            # It may have got there. Those who wait become jobs, and do not wait for Redis again.
            self._redis_watch.failed(error)
            self._not_published(group, UnknownOutcomeError(str(error)))

    def _not_published(self, group: Group, error: QueuecastError) -> None:
        self._pending.settle(Outcome.refused(r.request_id, error) for r in group.requests)
        self._failed(group)

    def _failed(self, group: Group) -> None:
        # A group's requests are of one kind.
        self._batchers[group.requests[0].kind].failed(group.group_id)

    def _begin(self, sending: Coroutine[Any, Any, None]) -> None:
        # A task that nothing refers to may be collected before it has run.
        task = self._loop.create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def is_answer(outcome: Outcome | None) -> bool:
    """Whether a client can be told this; else the request is still to be done."""
    return outcome is not None and outcome.status_code not in _NO_ANSWERS
