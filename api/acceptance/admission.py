"""The bound on what is promised, and how soon there is room again."""

from __future__ import annotations

import math
import threading

from sqlalchemy import Connection

from shared.db import backlog
from shared.errors import BusyError

# How far back the rate is measured at which jobs end, in seconds.
RECENT = 10.0
# A tenth of the bound is added to it for requests whose clients wait, so that jobs of other clients
# cannot shut them out. When a tenth of the bound is free again, clients may come back.
ROOM = 10
# The bounds of Retry-After, and what it is when nothing ends at all; in seconds.
SOONEST, LATEST, STANDING = 1, 300, 30


class Admission:
    """The unfinished jobs, measured in the database twice a second and counted in between.

    Several gateways may together pass the bound by what each accepts between two measurements.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting = 0
        self._rate = 0.0

    def measure(self, connection: Connection) -> None:
        """Ask the database how many jobs are unfinished, and how many ended in the last seconds."""
        waiting = backlog.backlog(connection, self._limit + self._limit // ROOM + 1)
        rate = backlog.ended_within(connection, RECENT) / RECENT if waiting else 0.0
        with self._lock:
            self._waiting, self._rate = waiting, rate

    def admit(self, waited_for: bool) -> None:
        """Count one more job.

        Raises:
            BusyError: the queue is full. It has some room beyond its bound for requests whose
                clients wait.
        """
        bound = self._limit + max(1, self._limit // ROOM) if waited_for else self._limit
        with self._lock:
            if self._waiting >= bound:
                text = f"the queue is full: {self._waiting} jobs are unfinished"
                raise BusyError(text, retry_after(bound, self._waiting, self._rate))
            self._waiting += 1


def retry_after(bound: int, waiting: int, rate: float) -> int:
    """Whole seconds until a part of the bound is free, at so many jobs a second."""
    if rate <= 0:
        return STANDING
    room = waiting - bound + max(1, bound // ROOM)
    return min(LATEST, max(SOONEST, math.ceil(room / rate)))
