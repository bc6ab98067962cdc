"""Deletes jobs and batches that ended longer ago than `JOB_RETENTION`."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from sqlalchemy import Connection

from shared.db import ended_batches, ended_jobs, leases
from shared.db.engine import Database
from shared.errors import QueuecastError
from shared.signal_event import SignalEvent

log = logging.getLogger(__name__)

# In seconds. One worker at a time clears for all; its lease outlives a few rounds.
EVERY = 5.0
LEASE, LEASE_LASTS = "clearing", 30.0
# The lease is renewed after so many seconds of clearing.
_ROUND = 10.0
# How long a transaction should take, in seconds: on SQLite everybody who writes waits for it.
_TURN = 0.01
# How many jobs one transaction deletes. How many it can in that time depends on the database, the
# disk and the bodies. With fewer, a machine that is busy would not keep up with 2,000 a second.
_FEWEST, _MOST = 100, 2000
# How many pieces of a batch one transaction deletes: each has the results of a thousand rows.
_PIECES = 20
# The pause between two transactions, in seconds, if they take less than that.
_PAUSE = 0.005


class Clearing:
    """Clears for the worker `name` what is older than `retention` seconds.

    On a thread of its own, with a connection of its own: however much there is to delete, and
    whatever it waits for, jobs that are lost are found meanwhile.
    """

    def __init__(self, name: str, retention: float, database: Database) -> None:
        self._name = name
        self._retention = retention
        self._database = database
        self._size = _FEWEST
        self._stopping = SignalEvent()
        self._thread = threading.Thread(target=self._run, name="clearing", daemon=True)

    def start(self) -> None:
        """Begin: the worker is ready."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end. A signal handler may call this."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the thread has ended; not for long, since a transaction that it leaves behind
        is undone, and a worker that stops has more important things to wait for."""
        if self._thread.ident is not None:
            self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            there_is_more = False
            try:
                there_is_more = self._database.write(self._hold) and self.clear()
            except QueuecastError as error:
                log.warning("clearing waits: %s", error)
            except Exception:  # without this thread the table would grow for ever
                log.exception("clearing")
            if not there_is_more:
                self._stopping.wait(EVERY)
        try:
            self._database.write(lambda c: leases.release(c, LEASE, self._name))
        except QueuecastError as error:
            log.info("another worker clears only when the lease has ended: %s", error)

    def _hold(self, connection: Connection) -> bool:
        return leases.hold(connection, LEASE, self._name, LEASE_LASTS)

    def clear(self) -> bool:
        """Clear until nothing is left, this round's time is up, or the worker stops. Whether there
        is more to clear.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        deadline = time.monotonic() + _ROUND
        for emptied in (False, True):
            since = self._take_turn(None, emptied)
            while since is not None:
                if self._stopping.is_set() or time.monotonic() > deadline:
                    return True
                since = self._take_turn(since, emptied)
        return self._clear_batches(deadline)

    def _clear_batches(self, deadline: float) -> bool:
        """The same for batches; those that nobody has gone on with for as long have failed."""
        failed = self._database.write(lambda c: ended_batches.fail_abandoned(c, self._retention))
        if failed:
            log.warning("%d batches never came whole, and have failed", failed)
        while self._database.write(
            lambda c: ended_batches.clear_ended(c, self._retention, _PIECES)
        ):
            if self._stopping.is_set() or time.monotonic() > deadline:
                return True
            self._stopping.wait(_PAUSE)
        return False

    def _take_turn(self, since: datetime | None, emptied: bool) -> datetime | None:
        """Delete some with one transaction; then pause for as long, so that others get half of
        what the database can do even while there is much to delete."""
        took = 0.0

        def work(connection: Connection) -> datetime | None:
            nonlocal took
            # Not from before the transaction: to wait for a turn on SQLite is no work.
            began = time.monotonic()
            left = ended_jobs.clear_finished(
                connection, self._retention, self._size, since, emptied
            )
            took = time.monotonic() - began
            return left

        left = self._database.write(work)
        if left is not None:
            self._size = min(2 * self._size, _MOST) if took < _TURN / 2 else self._size
            self._stopping.wait(max(took, _PAUSE))
        if took > _TURN:
            self._size = max(self._size // 2, _FEWEST)
        return left
