"""Tries a group again whose process died or was killed at its time limit."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from shared.db import job_claims, job_rows, jobs
from shared.db.engine import Database
from shared.queue.broker import Broker
from shared.queue.messages import Group, Lane, Outcome, Reply, Request, new_request_id
from worker.regrouping import size_after, split
from worker.sweeper import Sweeper

log = logging.getLogger(__name__)


class Recovery:
    """Lets the requests of a lost group be tried again, in smaller groups each time."""

    def __init__(self, database: Database, broker: Broker, sweeper: Sweeper) -> None:
        self._database = database
        self._broker = broker
        self._sweeper = sweeper

    def recover(self, group: Group) -> None:
        """Try a group again, or answer its clients after the last try.

        Raises:
            DatabaseAwayError, BrokerAwayError: one of them does not answer. Jobs are found by a
                later sweep; what nobody promised, its gateway turns into a job.
        """
        log.warning("a process was lost with %d requests", len(group.requests))
        job_ids = [r.request_id for r in group.requests if r.accepted]
        if job_ids:
            self._database.write(lambda c: job_claims.end_leases(c, job_ids, group.group_id))
            self._sweeper.return_lost()
        not_jobs = [r for r in group.requests if not r.accepted]
        if not_jobs:
            self._try_again(group, not_jobs)

    def put_back(self, group: Group) -> None:
        """Publish a group as it was that no process has begun, before all lanes but the first: it
        has waited for its turn.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        self._broker.publish(group, Lane.INTERACTIVE)

    def _try_again(self, group: Group, requests: Sequence[Request]) -> None:
        # One that became a job meanwhile has a message, and tries, of its own.
        ids = [r.request_id for r in requests]
        jobs_by_now = self._database.read(lambda c: jobs.known(c, ids))
        again = [r for r in requests if r.request_id not in jobs_by_now]
        tries = group.tries + 1
        if tries < job_rows.MOST_ATTEMPTS:
            for part in split(again, size_after(tries, len(again))):
                smaller = Group(new_request_id(), group.reply_to, part, tries)
                self._broker.publish(smaller, Lane.INTERACTIVE)
        elif group.reply_to:
            outcomes = tuple(Outcome.set_aside(r.request_id) for r in again)
            self._broker.reply(group.reply_to, Reply(None, outcomes))
