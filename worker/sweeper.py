"""Finds accepted jobs, and pieces of batches, whose message or process was lost.

One worker at a time does it for all, under a lease in the database.
"""

from __future__ import annotations

import logging

from shared.db import jobs, leases, lost_jobs
from shared.db.engine import Database
from shared.db.job_rows import Job
from shared.queue.broker import Broker
from shared.queue.messages import (
    JOB_LANES,
    SET_ASIDE,
    Kind,
    Lane,
    Outcome,
    Reply,
)
from worker.pieces.recovery import PieceRecovery
from worker.regrouping import regroup

log = logging.getLogger(__name__)

# In seconds. The lease outlives a few sweeps, so that a busy worker keeps it.
EVERY = 5.0
LEASE_LASTS = 15.0
# A job is lost when jobs that were published this many seconds later have been taken.
LOST_AFTER = 10.0
# At most so many jobs a sweep, so that each of its transactions is short.
_MOST_RETURNED = 2000


class Sweeper:
    """Sweeps for the worker `name`. `group_size` is the most jobs in a group that is published
    again."""

    def __init__(
        self, name: str, group_size: int, database: Database, broker: Broker, pieces: PieceRecovery
    ) -> None:
        self._name = name
        self._group_size = group_size
        self._database = database
        self._broker = broker
        self._pieces = pieces
        self._attempts_are_certain = False

    def sweep(self) -> None:
        """Publish again what was lost, unless another worker does.

        Raises:
            DatabaseAwayError, BrokerAwayError: one of them does not answer.
        """
        if self._database.write(lambda c: leases.hold(c, leases.SWEEPER, self._name, LEASE_LASTS)):
            self.return_lost()
            if self._attempts_are_certain:
                self._pieces.set_aside()
            self._pieces.return_lost()
        self._attempts_are_certain = True

    def doubt_attempts(self) -> None:
        """Set no job aside before the sweep after next: the database did not answer.

        The other workers could not give back the attempts of the groups that they gave up
        meanwhile (worker.given_up). Until they had the time to, the attempts that the database
        counts may be too many.
        """
        self._attempts_are_certain = False

    def return_lost(self) -> None:
        """Publish lost jobs again, and set aside those that have no try left.

        Raises:
            DatabaseAwayError, BrokerAwayError: one of them does not answer.
        """
        if self._attempts_are_certain:
            self._tell(self._database.write(lambda c: lost_jobs.set_aside(c, _MOST_RETURNED)))
        for lane in JOB_LANES:
            empty = self._broker.backlog(lane) == 0
            lost = self._database.write(
                lambda c, lane=lane, empty=empty: lost_jobs.return_lost(  # type: ignore[misc]
                    c, lane, empty, LOST_AFTER, _MOST_RETURNED
                )
            )
            if lost:
                log.warning("%d jobs had no message on %s: published again", len(lost), lane)
            for group in regroup(lost, self._group_size):
                self._broker.publish(group, lane)

    def release(self) -> None:
        """Let another worker sweep at once: this one stops.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        self._database.write(lambda c: leases.release(c, leases.SWEEPER, self._name))

    def _tell(self, dead: list[Job]) -> None:
        """Answer the clients of jobs that were set aside, and let workers look at the updates that
        waited for them, which can end now."""
        if not dead:
            return
        for job in dead:
            log.error("job %s was %s", job.request.request_id, SET_ASIDE)
            if job.reply_to:
                outcome = Outcome.set_aside(job.request.request_id)
                self._broker.reply(job.reply_to, Reply(None, (outcome,)))
        keys = [job.request.observation_id.key for job in dead]
        waiting = self._database.read(lambda c: jobs.unfinished(c, keys))
        updates = [job for job in waiting if job.request.kind is Kind.UPDATE]
        for group in regroup(updates, self._group_size):
            self._broker.publish(group, Lane.INTERACTIVE)
