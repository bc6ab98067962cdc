"""Gathers synchronous requests into groups, without a fixed window.

While groups are out, requests that arrive gather; when one returns, what gathered leaves. At rest
a group is one request and leaves at once; under load groups grow by themselves.

Clients that wait for an answer before they ask again come back one after the other when their
group returns. The first of them would leave alone and the others wait a whole turn for it, so a
group that may leave is held for as long as clients who were just answered are still coming back,
and never for longer than a fraction of a turn. Somebody who is alone is never held.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from api.grouping.pending import AnyWaiter, Pending
from shared.errors import UnavailableError
from shared.queue.messages import Group, Outcome, Reply, Request, new_request_id

log = logging.getLogger(__name__)

# A group that is out for longer no longer holds others back: it may be lost, or slow.
STALLED = 1.0
# The longest hold, as a share of the time that the last group was out, and in seconds.
HELD_SHARE = 0.2
HELD_LONGEST = 0.02
# It leaves as soon as so many are back for each one that is not.
MOSTLY = 4


class Batcher:
    """One process's groups. `publish` sends one; it may raise `UnavailableError`."""

    def __init__(
        self,
        room: Pending,
        publish: Callable[[Group], None],
        channel: str,
        in_flight: int,
        size: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = room
        self._publish = publish
        self._channel = channel
        self._in_flight = in_flight
        self._size = size
        self._now = now
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._open: list[Request] = []
        self._out: dict[str, float] = {}
        # How many of those who were just answered have not come back, and until when it matters.
        self._expected = 0
        self._expected_until = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="dispatch", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing any more."""
        with self._lock:
            self._stopping = True
            self._changed.notify()

    def put(self, request: Request, waiter: AnyWaiter) -> None:
        """Put a request into the open group, which leaves as soon as nothing holds it back."""
        self._room.enter(waiter)
        with self._lock:
            self._open.append(request)
            self._expected -= 1
            # Sent by a thread: who asks may be the event loop, which must not wait for Redis.
            if len(self._open) == 1 or self._delay() == 0:
                self._changed.notify()

    def returned(self, reply: Reply) -> None:
        """A reply came: wake its waiters, and let what gathered meanwhile leave."""
        with self._lock:
            since = self._out.pop(reply.group_id, None) if reply.group_id else None
            if since is not None:
                now = self._now()
                # Whoever was not back in time does not come back: left in the count, they would
                # have everybody held who comes after them, for ever.
                coming = max(0, self._expected) if now < self._expected_until else 0
                self._expected = coming + len(reply.outcomes)
                self._expected_until = now + min(HELD_SHARE * (now - since), HELD_LONGEST)
            group = self._take()
        # What waits for the queue comes first: waking threads takes the interpreter away from us.
        self._send(group)
        self._room.settle(reply.outcomes)

    def give_up(self, waiter: AnyWaiter) -> None:
        """A request waits no longer. If it has not left, it leaves nothing behind."""
        self._room.leave(waiter)
        with self._lock:
            self._open = [r for r in self._open if r.request_id != waiter.request_id]

    def _take(self) -> Group | None:
        """The group that may leave now; the caller holds the lock."""
        if self._delay() != 0:
            return None
        now = self._now()
        if len(self._out) >= self._in_flight:
            self._out = {i: since for i, since in self._out.items() if now - since < STALLED}
        requests, self._open = self._open[: self._size], self._open[self._size :]
        group = Group(new_request_id(), self._channel, tuple(requests))
        self._out[group.group_id] = now
        return group

    def _delay(self) -> float | None:
        """In how many seconds what has gathered may leave; None when there is nothing."""
        if not self._open:
            return None
        if len(self._out) >= self._in_flight:
            return max(0.0, min(self._out.values()) + STALLED - self._now())
        if len(self._open) >= MOSTLY * self._expected:
            return 0.0
        return max(0.0, self._expected_until - self._now())

    def _send(self, group: Group | None) -> None:
        while group is not None:
            try:
                self._publish(group)
                return
            except UnavailableError as error:
                refused = tuple(Outcome.refused(r.request_id, error) for r in group.requests)
                self._room.settle(refused)
                with self._lock:
                    self._out.pop(group.group_id, None)
                    group = self._take()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._send_next()
            except Exception:  # without this thread no group would ever leave
                log.exception("sending a group")

    def _send_next(self) -> None:
        """Send the group that may leave, or wait until one may."""
        with self._lock:
            group = self._take()
            if group is None:
                self._changed.wait(self._delay())
                return
        self._send(group)
