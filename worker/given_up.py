"""Gives back the attempts of groups that were given up because the database did not answer.

A claim counts an attempt of each of its jobs. When the process lives and only the database was
slow or away, no job of the group is at fault, so the attempt must not count.
"""

from __future__ import annotations

import logging
from collections import deque

from shared.db import job_claims
from shared.db.engine import Database
from shared.db.wait_limit import allow_waiting
from shared.errors import DatabaseAwayError
from shared.queue.messages import Group

log = logging.getLogger(__name__)

# How long a worker that stops waits for the database, in seconds.
LAST_WAIT = 3.0


class GivenUpGroups:
    """The groups that were given up, each remembered until the database has taken its attempts
    back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups: deque[Group] = deque()

    def add(self, group: Group) -> None:
        """Remember a group; any thread may call this."""
        if any(r.accepted for r in group.requests):
            self._groups.append(group)

    def give_back(self) -> None:
        """Give back the attempts of all groups; the next sweep publishes their jobs again.

        Raises:
            DatabaseAwayError: the database still does not answer.
        """
        while self._groups:
            group = self._groups.popleft()
            job_ids = [r.request_id for r in group.requests if r.accepted]
            try:
                self._database.write(
                    lambda c, ids=job_ids, of=group.group_id: job_claims.give_back(c, ids, of)  # type: ignore[misc]
                )
            except DatabaseAwayError:
                self._groups.appendleft(group)
                raise
            log.warning("%d jobs were given up: their attempts do not count", len(job_ids))

    def give_back_at_the_end(self) -> None:
        """The same with one short try, when this worker stops and its processes have ended."""
        try:
            with allow_waiting(LAST_WAIT):
                self.give_back()
        except DatabaseAwayError as error:
            log.warning("%d groups keep an attempt too many: %s", len(self._groups), error)
