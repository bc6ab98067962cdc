"""What the worker's parent process does beside its children: heartbeats and clearing on threads of
their own, and on another one lost groups, attempts to give back, sweeps."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time

from shared.errors import BrokerAwayError, DatabaseAwayError, QueuecastError
from shared.queue.messages import Group
from shared.queue.piece_message import Piece
from worker import sweeper
from worker.clearing import Clearing
from worker.given_up import GivenUpGroups
from worker.heartbeat import Heartbeat
from worker.pieces.recovery import PieceRecovery
from worker.recovery import Recovery
from worker.sweeper import Sweeper

log = logging.getLogger(__name__)

# How often this looks whether there is something to do, in seconds.
EVERY = 1.0


class Maintenance:
    """Calls each part when its time has come, and goes on when one of them fails."""

    def __init__(
        self,
        heartbeat: Heartbeat,
        clearing: Clearing,
        sweeper: Sweeper,
        recovery: Recovery,
        given_up: GivenUpGroups,
        pieces: PieceRecovery,
    ) -> None:
        self.pieces = pieces
        self.given_up = given_up
        self._heartbeat = heartbeat
        self._clearing = clearing
        self._sweeper = sweeper
        self._recovery = recovery
        # None asks the thread to end.
        self._lost: queue.SimpleQueue[Group | Piece | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin: the worker is ready."""
        self._heartbeat.start()
        self._clearing.start()
        self._thread.start()

    def lost(self, message: Group | Piece) -> None:
        """Recover this group or piece, whose process died or was killed at its time limit; any
        thread may call this."""
        self._lost.put(message)

    def put_back(self, message: Group | Piece) -> None:
        """Let another worker have what no process has begun: this one has stopped."""
        try:
            if isinstance(message, Piece):
                self.pieces.put_back(message)
            else:
                self._recovery.put_back(message)
        except BrokerAwayError as error:
            # Jobs and pieces are found by a later sweep; what nobody promised, its gateway turns
            # into a job.
            log.warning("what no process had begun was not put back: %s", error)

    def stop(self) -> None:
        """Let all threads end. A signal handler may call this, as `SimpleQueue.put` may be
        interrupted by itself."""
        self._heartbeat.stop()
        self._clearing.stop()
        self._lost.put(None)

    def join(self) -> None:
        """Wait until all threads have ended, and give back what was not given back by then."""
        self._heartbeat.join()
        self._clearing.join()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        self.given_up.give_back_at_the_end()
        self.pieces.give_back_at_the_end()

    def _run(self) -> None:
        next_sweep = time.monotonic()
        lost: Group | Piece | None = None
        while True:
            try:
                if isinstance(lost, Piece):
                    self.pieces.recover(lost)
                elif lost is not None:
                    self._recovery.recover(lost)
                self.given_up.give_back()
                self.pieces.give_back()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + sweeper.EVERY
                    self._sweeper.sweep()
            except QueuecastError as error:
                if isinstance(error, DatabaseAwayError):
                    self._sweeper.doubt_attempts()
                log.warning("maintenance waits: %s", error)
            except Exception:  # without this thread nothing that is lost would be found
                log.exception("maintenance")
            lost = None
            with contextlib.suppress(queue.Empty):
                lost = self._lost.get(timeout=EVERY)
                if lost is None:
                    break
        self._leave()

    def _leave(self) -> None:
        try:
            self._sweeper.release()
        except QueuecastError as error:
            log.info("another worker sweeps only when the lease has ended: %s", error)
