"""What a worker process does with one group: claim, score, store, reply."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from shared.db import job_claims
from shared.db.engine import Database
from shared.db.job_rows import Job
from shared.errors import (
    DatabaseFaultError,
    DatabaseRefusedError,
    ModelFaultError,
    QueuecastError,
    UnavailableError,
)
from shared.queue.broker import Broker
from shared.queue.messages import JOB_LANES, Group, Outcome, Reply, Request
from worker import labelling
from worker.regrouping import regroup
from worker.scoring.scoring import Score, score
from worker.scoring.time_limit import time_limit
from worker.served_model import ServedModel
from worker.storing import Settled, settle, settle_at_once

log = logging.getLogger(__name__)


class GroupRunner:
    """Runs groups of at most `group_size` against the model that is served and one database.

    `limit` is how long a group may be scored before its process is ended, and `lease` for how long
    no other group may claim its jobs; both in seconds.
    """

    def __init__(
        self, served: ServedModel, database: Database, broker: Broker, limit: float, lease: float,
        group_size: int,
    ) -> None:  # fmt: skip
        self._served = served
        self._database = database
        self._broker = broker
        self._limit = limit
        self._lease = lease
        self._group_size = group_size

    def predict(self, group: Group) -> None:
        """Score a group and commit it; a request that is a job and has ended is left alone.

        Raises:
            UnavailableError, DatabaseFaultError, ModelFaultError: the database, or the model, did
                not do its part, and the group was given up: the attempts that its jobs count for
                it are to be given back. The clients that wait have been told.
        """
        fault: ModelFaultError | None = None
        try:
            requests = self._claim(group)
            bodies = [r.body for r in requests]
            with time_limit(self._limit):
                scores = score(bodies, self._served.model)
            scores = self._served.judge(bodies, scores)
            fault = next((s.error for s in scores if isinstance(s.error, ModelFaultError)), None)
            if fault is not None:
                requests, scores = self._without_jobs_at_fault(requests, scores)
            settled = self._settle(requests, scores)
        except DatabaseRefusedError as error:
            # Some row of it is at fault. Its attempts count, so that it is tried again in ever
            # smaller company, and only that row is set aside.
            self._refuse(group, error)
            return
        except (UnavailableError, DatabaseFaultError) as error:
            self._refuse(group, error)
            raise
        self._reply(group, settled)
        self._send_behind(settled.behind)
        if fault is not None:
            raise fault

    @staticmethod
    def _without_jobs_at_fault(
        requests: Sequence[Request], scores: Sequence[Score]
    ) -> tuple[list[Request], list[Score]]:
        """Accepted jobs wait until the model answers again."""
        kept = [
            (request, found)
            for request, found in zip(requests, scores, strict=True)
            if not (request.accepted and isinstance(found.error, ModelFaultError))
        ]
        return [request for request, _ in kept], [found for _, found in kept]

    def _settle(self, requests: Sequence[Request], scores: Sequence[Score]) -> Settled:
        version = self._served.version
        if not self._database.on_sqlite and not any(r.accepted for r in requests):
            settled = settle_at_once(self._database, requests, scores, version)
            if settled is not None:
                return settled
        return self._database.write(
            lambda connection: settle(
                connection, requests, scores, version, self._served.model.answering
            )
        )

    def update(self, group: Group) -> None:
        """Apply the updates of a group's observations."""
        answering = self._served.model.answering
        try:
            ended = self._database.write(
                lambda connection: labelling.apply_group(
                    connection, group.requests, group.reply_to, answering
                )
            )
        except (UnavailableError, DatabaseFaultError) as error:
            self._refuse(group, error)
            return
        self._reply(group, Settled((), tuple(ended)))

    def _claim(self, group: Group) -> list[Request]:
        """The requests to run: those without a job, and the jobs that could be claimed."""
        requests = group.requests
        job_ids = [r.request_id for r in requests if r.accepted]
        if not job_ids:
            return list(requests)
        alone = len(requests) == 1
        claimed = self._database.write(
            lambda c: job_claims.claim(c, job_ids, group.group_id, self._lease, alone)
        )
        return [
            # The message says only which jobs these are; what was asked is in the database.
            claimed[r.request_id].request if r.accepted else r
            for r in requests
            if not r.accepted or r.request_id in claimed
        ]

    def _refuse(self, group: Group, error: QueuecastError) -> None:
        """Tell those who wait; accepted jobs stay in the ledger and come again."""
        waiting = tuple(
            Outcome.refused(r.request_id, error) for r in group.requests if not r.accepted
        )
        self._reply(group, Settled(waiting, ()))

    def _send_behind(self, behind: Sequence[Job]) -> None:
        """Let workers look at predictions again that waited for those of this group: the first of
        an observation comes first. Their messages may have been taken already, by who found that
        it was not their turn."""
        for lane in JOB_LANES:
            of_lane = [job for job in behind if job.lane is lane]
            for sent in regroup(of_lane, self._group_size):
                try:
                    self._broker.publish(sent, lane)
                except UnavailableError as error:
                    # The sweeper does it.
                    log.warning("%d jobs wait for Redis: %s", len(sent.requests), error)

    def _reply(self, group: Group, settled: Settled) -> None:
        replies: dict[str, list[Outcome]] = {}
        if group.reply_to:
            replies[group.reply_to] = list(settled.outcomes)
        for ended in settled.updates:
            if ended.reply_to:
                replies.setdefault(ended.reply_to, []).append(ended.outcome)
        for channel, outcomes in replies.items():
            group_id = group.group_id if channel == group.reply_to else None
            try:
                self._broker.reply(channel, Reply(group_id, tuple(outcomes)))
            except UnavailableError as error:
                # It is committed all the same: the gateways find it in the database.
                log.warning("no reply to %d requests: %s", len(outcomes), error)
