"""Gathers synchronous requests into groups, without a fixed window.

While groups are out, requests that arrive gather; when one returns, what gathered leaves. At rest
a group is one request and leaves at once; under load groups grow by themselves.

Clients that wait for an answer before they ask again come back one after the other when their
group returns. The first of them would leave alone and the others wait a whole turn for it, so a
group that may leave is held for as long as clients who were just answered are still coming back,
and never for longer than a fraction of a turn. When only one client sends requests, its requests
are never held.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from shared.queue.messages import Group, Request, new_request_id

# In seconds. A group that is out for longer no longer holds others back: it may be lost, or slow.
STALLED = 1.0
# The longest hold, as a share of the time that the last group was out, and in seconds.
HELD_SHARE = 0.2
HELD_LONGEST = 0.02
# A group leaves as soon as so many clients are back for each one that is not back yet.
MOSTLY = 4


class Timer(Protocol):
    """A call that can be taken back."""

    def cancel(self) -> object:
        """Take it back."""


class Clock(Protocol):
    """The part of an event loop that decides when a group leaves; tests have one of their own."""

    def time(self) -> float:
        """Seconds, from any origin."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back at a time."""

    def call_soon(self, callback: Callable[[], None]) -> object:
        """Call back when what is ready now has run."""


class Batcher:
    """One process's groups. `send` begins to send one and returns at once.

    A group has at most `size` requests and, unless it has only one, at most `most_bytes` bytes of
    bodies. Of the event loop's thread only.
    """

    def __init__(
        self,
        send: Callable[[Group], None],
        channel: str,
        in_flight: int,
        size: int,
        most_bytes: int,
        clock: Clock,
    ) -> None:
        self._send = send
        self._channel = channel
        self._in_flight = in_flight
        self._size = size
        self._most_bytes = most_bytes
        self._clock = clock
        self._open: OrderedDict[str, Request] = OrderedDict()
        self._out: dict[str, float] = {}
        # How many of the clients that were just answered have not sent their next request yet, and
        # until when a group is held for them.
        self._expected = 0
        self._expected_until = 0.0
        self._looks_soon = False
        self._timer: Timer | None = None

    def put(self, request: Request) -> None:
        """Put a request into the open group, which leaves as soon as nothing holds it back."""
        self._open[request.request_id] = request
        self._expected -= 1
        # Not at once: requests that other connections have sent by now shall leave with it.
        if not self._looks_soon:
            self._looks_soon = True
            self._clock.call_soon(self._look)

    def returned(self, group_id: str | None, answered: int) -> None:
        """A reply with so many outcomes came: let what gathered meanwhile leave."""
        since = self._out.pop(group_id, None) if group_id else None
        if since is not None:
            now = self._clock.time()
            # Clients that were not back in time are taken not to come back. If they stayed in the
            # count, every later group would be held for them.
            coming = max(0, self._expected) if now < self._expected_until else 0
            self._expected = coming + answered
            self._expected_until = now + min(HELD_SHARE * (now - since), HELD_LONGEST)
        self._leave()

    def failed(self, group_id: str) -> None:
        """A group could not be sent."""
        self._out.pop(group_id, None)
        self._leave()

    def give_up(self, request_id: str) -> bool:
        """A request waits no longer. If it has not left, it leaves nothing behind: then this is
        true."""
        return self._open.pop(request_id, None) is not None

    def _look(self) -> None:
        self._looks_soon = False
        self._leave()

    def _leave(self) -> None:
        """Send every group that may leave, and look again when the next one may."""
        while (delay := self._delay()) == 0:
            group = self._take()
            self._send(group)
        # Whatever was worked out before is out of date by now.
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if delay is not None:
            self._timer = self._clock.call_at(self._clock.time() + delay, self._leave)

    def _delay(self) -> float | None:
        """In how many seconds what has gathered may leave; None when there is nothing."""
        if not self._open:
            return None
        now = self._clock.time()
        if len(self._out) >= self._in_flight:
            return max(0.0, min(self._out.values()) + STALLED - now)
        if len(self._open) >= MOSTLY * self._expected:
            return 0.0
        return max(0.0, self._expected_until - now)

    def _take(self) -> Group:
        """The group that leaves now."""
        now = self._clock.time()
        if len(self._out) >= self._in_flight:
            self._out = {i: since for i, since in self._out.items() if now - since < STALLED}
        requests: list[Request] = []
        held = 0
        while self._open and len(requests) < self._size:
            held += len(next(iter(self._open.values())).body)
            if requests and held > self._most_bytes:
                break
            requests.append(self._open.popitem(last=False)[1])
        group = Group(new_request_id(), self._channel, tuple(requests))
        self._out[group.group_id] = now
        return group
