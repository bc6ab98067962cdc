"""Requests become jobs: committed to the `job` table first, then put on a lane.

When Redis fails after the commit the promise stands, and the sweeper publishes the job.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection

from api.acceptance.database_threads import DatabaseThreads
from api.acceptance.group_commit import GroupCommit
from api.acceptance.stored import stored_outcomes
from shared.db import jobs, predictions
from shared.errors import (
    BrokerAwayError,
    DatabaseAwayError,
    UnknownCommitError,
    UnknownOutcomeError,
)
from shared.queue.messages import Group, Lane, Outcome, Request, new_request_id

log = logging.getLogger(__name__)

_Accepted = tuple[Request, Lane]

# Most requests that one commit accepts. With all of several hundred in one, the workers would wait
# for the commit, and then the gateway for the workers; several commits beside each other make many
# small groups, which is half as fast.
TOGETHER = 128


class Outbox:
    """Takes requests into the `job` table, many with one commit. `publish` puts a group of jobs on
    a lane unless Redis is away; `send` begins to send a group without a promise, with at most
    `most_bytes` bytes of bodies unless it has only one, and returns at once."""

    def __init__(
        self,
        database: DatabaseThreads,
        publish: Callable[[Group, Lane], Awaitable[None]],
        send: Callable[[Group], None],
        channel: str,
        size: int,
        most_bytes: int,
    ) -> None:
        self._database = database
        self._publish_group = publish
        self._send = send
        self._channel = channel
        self._most_bytes = most_bytes
        together = min(size, TOGETHER)
        self._accepting: GroupCommit[_Accepted, None] = GroupCommit(self._accept, together)
        self._numbering: GroupCommit[Request, Request] = GroupCommit(self._number, together)
        self._converting: GroupCommit[Request, Outcome | None] = GroupCommit(self._convert, size)

    async def accept(self, request: Request, lane: Lane) -> None:
        """Promise that this request will be done.

        Raises:
            DatabaseAwayError: the promise could not be committed.
            UnknownOutcomeError: it may have been.
        """
        with _naming(request):
            await self._accepting.add((replace(request, accepted=True), lane))

    async def number(self, request: Request) -> Request:
        """Give an update its place among all updates, and send it without a promise.

        Raises:
            DatabaseAwayError: it has none, and was not sent.
        """
        return await self._numbering.add(request)

    async def convert(self, request: Request) -> Outcome | None:
        """Turn a request that was waited for long enough into a job, unless its row or its label
        is there.

        Returns its outcome when it has, None when it is a job now.

        Raises:
            DatabaseAwayError: neither could be found out or done.
            UnknownOutcomeError: it may be a job.
        """
        with _naming(request):
            return await self._converting.add(replace(request, accepted=True))

    async def _accept(self, accepted: Sequence[_Accepted]) -> list[None]:
        lanes: dict[Lane, list[Request]] = {}
        for request, lane in accepted:
            lanes.setdefault(lane, []).append(request)

        def record(connection: Connection) -> None:
            for lane, requests in lanes.items():
                jobs.accept(connection, requests, lane, self._channel)

        await self._database.write(record)
        for lane, requests in lanes.items():
            await self._publish(requests, lane)
        return [None] * len(accepted)

    async def _number(self, requests: Sequence[Request]) -> list[Request]:
        try:
            numbers = await self._database.ask(lambda d: jobs.draw_numbers(d, len(requests)))
        except UnknownCommitError as error:
            # Numbers that nobody has got harm nobody.
            raise DatabaseAwayError("the database does not answer") from error
        numbered = [replace(r, number=n) for r, n in zip(requests, numbers, strict=True)]
        for part in _split(numbered, self._most_bytes):
            self._send(Group(new_request_id(), self._channel, part))
        return numbered

    async def _convert(self, requests: Sequence[Request]) -> list[Outcome | None]:
        def record(connection: Connection) -> list[Outcome | None]:
            predictions.wait_for_storing(connection)
            outcomes = stored_outcomes(connection, requests)
            open_ones = [r for r, o in zip(requests, outcomes, strict=True) if o is None]
            jobs.accept(connection, open_ones, Lane.DEFERRED, self._channel)
            return outcomes

        outcomes = await self._database.write(record)
        promised = [r for r, o in zip(requests, outcomes, strict=True) if o is None]
        # The first message may be on its way still; whichever comes second finds the job ended.
        await self._publish(promised, Lane.DEFERRED)
        return outcomes

    async def _publish(self, requests: Sequence[Request], lane: Lane) -> None:
        for _, same in groupby(sorted(requests, key=_kind), key=_kind):
            group = Group(new_request_id(), self._channel, tuple(same))
            try:
                await self._publish_group(group, lane)
            except BrokerAwayError:
                log.warning("%d accepted jobs wait for Redis", len(group.requests))


@contextmanager
def _naming(request: Request) -> Iterator[None]:
    """Say which job a commit was to make of which nobody knows whether it was made."""
    try:
        yield
    except UnknownCommitError as error:
        raise UnknownOutcomeError(
            "the database did not say whether this was accepted: ask for the job, or send the same "
            "again",
            job_id=request.request_id,
        ) from error


def _kind(request: Request) -> str:
    return request.kind


def _split(requests: Sequence[Request], most_bytes: int) -> Iterator[tuple[Request, ...]]:
    """The requests in parts, each with at most so many bytes of bodies unless it is only one."""
    part: list[Request] = []
    held = 0
    for request in requests:
        held += len(request.body)
        if part and held > most_bytes:
            yield tuple(part)
            part, held = [], len(request.body)
        part.append(request)
    yield tuple(part)
