"""Requests that wait for their outcome, and the thread that brings it to them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable

from shared.errors import BrokerAwayError, QueuecastError
from shared.queue.broker import Broker
from shared.queue.messages import Lane, Outcome, Reply

log = logging.getLogger(__name__)


# Shorter than the client's patience with Redis, so that silence and absence can be told apart.
REPLY_WAIT = 0.5
LOOK_EVERY = 0.5


class Waiter:
    """One request's place to wait. Settled once; a lock is the cheapest latch that Python has."""

    __slots__ = ("_latch", "outcome", "request_id")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.outcome: Outcome | None = None
        self._latch = threading.Lock()
        self._latch.acquire()

    def settle(self, outcome: Outcome) -> None:
        """Bring the outcome. Called at most once, by whoever took the waiter from the room."""
        self.outcome = outcome
        self._latch.release()

    def wait(self, seconds: float) -> Outcome | None:
        """The outcome, or None when it did not come in time."""
        if self._latch.acquire(timeout=max(0.0, seconds)):
            self._latch.release()
        return self.outcome


class LoopWaiter:
    """One request's place to wait on an event loop. Made and settled there."""

    __slots__ = ("_future", "_loop", "outcome", "request_id")

    def __init__(self, request_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.request_id = request_id
        self.outcome: Outcome | None = None
        self._loop = loop
        self._future: asyncio.Future[None] = loop.create_future()

    def settle(self, outcome: Outcome) -> None:
        """Bring the outcome."""
        self.outcome = outcome
        self._end()

    async def wait(self, seconds: float) -> Outcome | None:
        """The outcome, or None when it did not come in time."""
        alarm = self._loop.call_later(seconds, self._end)
        try:
            await self._future
        finally:
            alarm.cancel()
        return self.outcome

    def _end(self) -> None:
        if not self._future.done():
            self._future.set_result(None)


AnyWaiter = Waiter | LoopWaiter


class Pending:
    """Every waiter of this process, by request."""

    def __init__(self) -> None:
        self._waiters: dict[str, list[AnyWaiter]] = {}
        self._lock = threading.Lock()
        # Where `LoopWaiter`s wait.
        self.loop: asyncio.AbstractEventLoop | None = None

    def enter(self, waiter: AnyWaiter) -> None:
        """Let a waiter in; a job may have several."""
        with self._lock:
            self._waiters.setdefault(waiter.request_id, []).append(waiter)

    def leave(self, waiter: AnyWaiter) -> None:
        """Wait no longer."""
        with self._lock:
            others = [w for w in self._waiters.pop(waiter.request_id, []) if w is not waiter]
            if others:
                self._waiters[waiter.request_id] = others

    def settle(self, outcomes: tuple[Outcome, ...]) -> None:
        """Bring outcomes to whoever waits for them."""
        with self._lock:
            taken = [(o, self._waiters.pop(o.request_id, ())) for o in outcomes]
        on_loop: list[tuple[LoopWaiter, Outcome]] = []
        for outcome, waiters in taken:
            for waiter in waiters:
                if isinstance(waiter, LoopWaiter):
                    on_loop.append((waiter, outcome))
                else:
                    waiter.settle(outcome)
        if on_loop and self.loop is not None:
            # The whole group at once: each call wakes the loop through a socket.
            with contextlib.suppress(RuntimeError):  # it is closed: the process ends
                self.loop.call_soon_threadsafe(_settle_all, on_loop)

    def refuse_all(self, error: QueuecastError) -> None:
        """Nothing will come for anybody."""
        with self._lock:
            request_ids = tuple(self._waiters)
        self.settle(tuple(Outcome.refused(i, error) for i in request_ids))


def _settle_all(settled: list[tuple[LoopWaiter, Outcome]]) -> None:
    for waiter, outcome in settled:
        waiter.settle(outcome)


class ReplyReader:
    """Reads this process's replies, and so knows at any time whether Redis answers."""

    def __init__(
        self,
        broker: Broker,
        channel: str,
        deliver: Callable[[Reply], None],
        refuse: Callable[[QueuecastError], None],
    ) -> None:
        self._broker = broker
        self._channel = channel
        self._deliver = deliver
        self._refuse = refuse
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replies", daemon=True)
        self.redis_is_away = False
        self._looked = 0.0
        # How many groups wait that somebody waits for.
        self.backlog = 0

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading after the reply at hand."""
        self._stopping.set()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                reply = self._broker.next_reply(self._channel, REPLY_WAIT)
                if time.monotonic() - self._looked > LOOK_EVERY:
                    self.backlog = self._broker.backlog(Lane.INTERACTIVE)
                    self._looked = time.monotonic()
                if self.redis_is_away:
                    log.info("Redis is back")
                self.redis_is_away = False
                if reply is not None:
                    self._deliver(reply)
            except BrokerAwayError as error:
                self.redis_is_away = True
                # No reply will come; who waits can be promised an answer instead.
                self._refuse(error)
                self._stopping.wait(0.25)
            except QueuecastError as error:
                log.error("a reply was dropped: %s", error)
            except Exception:  # without this thread no request would ever be answered
                log.exception("reading replies")
                self._stopping.wait(0.25)
