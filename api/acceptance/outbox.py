"""Requests become jobs: committed to the ledger first, then put on a lane.

When Redis fails after the commit the promise stands, and the sweeper publishes the job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection

from api.acceptance.group_commit import GroupCommit
from shared.db import jobs, predictions
from shared.db.engine import Database
from shared.errors import BrokerAwayError
from shared.queue.broker import Broker
from shared.queue.messages import Group, Lane, Outcome, Request, already_exists, new_request_id

log = logging.getLogger(__name__)

_Promise = tuple[Request, Lane]


class Outbox:
    """Takes requests into the ledger, many with one commit."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        redis_is_away: Callable[[], bool],
        channel: str,
        size: int,
    ) -> None:
        self._database = database
        self._broker = broker
        self._redis_is_away = redis_is_away
        self._channel = channel
        self._accepting: GroupCommit[_Promise, None] = GroupCommit(self._accept, size)
        self._converting: GroupCommit[Request, Outcome | None] = GroupCommit(self._convert, size)

    def accept(self, request: Request, lane: Lane) -> None:
        """Promise that this request will be done.

        Raises:
            DatabaseAwayError: the promise could not be committed.
        """
        self._accepting.add((replace(request, accepted=True), lane))

    def convert(self, request: Request) -> Outcome | None:
        """Turn a prediction that was waited for long enough into a job, unless it has its row.

        Returns its outcome when it has, None when it is a job now.

        Raises:
            DatabaseAwayError: neither could be found out or done.
        """
        return self._converting.add(replace(request, accepted=True))

    def _accept(self, promises: Sequence[_Promise]) -> list[None]:
        lanes: dict[Lane, list[Request]] = {}
        for request, lane in promises:
            lanes.setdefault(lane, []).append(request)

        def record(connection: Connection) -> None:
            for lane, requests in lanes.items():
                jobs.accept(connection, requests, lane, self._channel)

        self._database.write(record)
        for lane, requests in lanes.items():
            self._publish(requests, lane)
        return [None] * len(promises)

    def _convert(self, requests: Sequence[Request]) -> list[Outcome | None]:
        def record(connection: Connection) -> list[Outcome | None]:
            predictions.wait_for_storing(connection)
            rows = predictions.find(connection, [r.observation_id.key for r in requests])
            outcomes = [_outcome(r, rows.get(r.observation_id.key)) for r in requests]
            open_ones = [r for r, o in zip(requests, outcomes, strict=True) if o is None]
            jobs.accept(connection, open_ones, Lane.DEFERRED, self._channel)
            return outcomes

        outcomes = self._database.write(record)
        promised = [r for r, o in zip(requests, outcomes, strict=True) if o is None]
        # The first message may be on its way still; whichever comes second finds the job ended.
        self._publish(promised, Lane.DEFERRED)
        return outcomes

    def _publish(self, requests: Sequence[Request], lane: Lane) -> None:
        if self._redis_is_away():
            # To find that out once more would take time that the client has not got.
            return
        for _, same in groupby(sorted(requests, key=_kind), key=_kind):
            group = Group(new_request_id(), self._channel, tuple(same))
            try:
                self._broker.publish(group, lane)
            except BrokerAwayError:
                log.warning("%d accepted jobs wait for Redis", len(group.requests))


def _kind(request: Request) -> str:
    return request.kind


def _outcome(request: Request, row: predictions.Stored | None) -> Outcome | None:
    if row is None:
        return None
    mine = row.request_id == request.request_id
    body = {"proba": row.proba} if mine else already_exists(request.observation_id, row.proba)
    return Outcome(request.request_id, 200, body)
