"""The requests of this process that wait for their outcome; of the event loop's thread only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from shared.errors import DatabaseAwayError, QueuecastError, UnknownOutcomeError
from shared.queue.messages import Outcome


class Waiter:
    """One request's place to wait, on an event loop. `number` is the one that an update was sent
    with, and `refusal` why it could not be sent."""

    __slots__ = ("_future", "_loop", "number", "outcome", "refusal", "request_id")

    def __init__(self, request_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.request_id = request_id
        self.outcome: Outcome | None = None
        self.number: int | None = None
        self.refusal: DatabaseAwayError | None = None
        self._loop = loop
        self._future: asyncio.Future[None] = loop.create_future()

    def settle(self, outcome: Outcome) -> None:
        """Bring the outcome."""
        self.outcome = outcome
        self._end()

    def refuse(self, error: DatabaseAwayError) -> None:
        """Say that it was not sent, and that nothing can be promised either."""
        self.refusal = error
        self._end()

    async def wait(self, seconds: float) -> Outcome | None:
        """The outcome, or None when it did not come in time."""
        # A timer of our own costs a tenth of what `asyncio.timeout` does.
        timer = self._loop.call_later(max(0.0, seconds), self._end)
        try:
            await self._future
        finally:
            timer.cancel()
        return self.outcome

    def _end(self) -> None:
        if not self._future.done():
            self._future.set_result(None)


class Pending:
    """Every waiter of this process, by request."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiters: dict[str, list[Waiter]] = {}

    def enter(self, request_id: str) -> Waiter:
        """A place to wait for this request's outcome; a job may have several."""
        waiter = Waiter(request_id, self._loop)
        self._waiters.setdefault(request_id, []).append(waiter)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Wait no longer."""
        others = [w for w in self._waiters.pop(waiter.request_id, []) if w is not waiter]
        if others:
            self._waiters[waiter.request_id] = others

    def note_number(self, request_id: str, number: int) -> bool:
        """Let whoever waits for this update know its number. False when nobody waits any more."""
        waiters = self._waiters.get(request_id, ())
        for waiter in waiters:
            waiter.number = number
        return bool(waiters)

    def refuse(self, request_ids: Iterable[str], error: DatabaseAwayError) -> None:
        """These were not sent, and nothing can be promised either."""
        for request_id in request_ids:
            for waiter in self._waiters.pop(request_id, ()):
                waiter.refuse(error)

    def waits_for(self, request_id: str) -> bool:
        """Whether somebody waits for this request."""
        return request_id in self._waiters

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Bring outcomes to whoever waits for them."""
        for outcome in outcomes:
            for waiter in self._waiters.pop(outcome.request_id, ()):
                waiter.settle(outcome)

    def refuse_all(self, error: QueuecastError) -> None:
        """Nothing will come for anybody: what becomes of them cannot be known here."""
        unknown = UnknownOutcomeError(str(error))
        self.settle([Outcome.refused(request_id, unknown) for request_id in self._waiters])
