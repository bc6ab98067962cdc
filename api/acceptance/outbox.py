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
    """Takes requests into the `job` table, many with one commit. `publish` puts a group on a lane
    unless Redis is away."""

    def __init__(
        self,
        database: DatabaseThreads,
        publish: Callable[[Group, Lane], Awaitable[None]],
        channel: str,
        size: int,
    ) -> None:
        self._database = database
        self._publish_group = publish
        self._channel = channel
        self._accepting: GroupCommit[_Accepted, None] = GroupCommit(
            self._accept, min(size, TOGETHER)
        )
        self._converting: GroupCommit[Request, Outcome | None] = GroupCommit(self._convert, size)

    async def accept(self, request: Request, lane: Lane) -> None:
        """Promise that this request will be done.

        Raises:
            DatabaseAwayError: the promise could not be committed.
            UnknownOutcomeError: it may have been.
        """
        with _naming(request):
            await self._accepting.add((replace(request, accepted=True), lane))

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
