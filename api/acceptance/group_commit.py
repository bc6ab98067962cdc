"""Group commit: who arrives while a commit is under way shares the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import UnavailableError

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Ticket(Generic[Item, Result]):
    __slots__ = ("error", "item", "latch", "leads", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.latch = threading.Lock()
        self.latch.acquire()
        self.leads = False
        self.result: Result | None = None
        self.error: Exception | None = None


class GroupCommit(Generic[Item, Result]):
    """Runs `flush` for many callers at once, in the thread of one of them.

    `flush` takes up to `size` items and returns a result for each, in order; what it raises, all
    of them get. When that is that a part is away, those who came meanwhile get it too: they would
    find the same out in as much time again.
    """

    def __init__(self, flush: Callable[[Sequence[Item]], Sequence[Result]], size: int) -> None:
        self._flush = flush
        self._size = size
        self._lock = threading.Lock()
        self._pending: list[_Ticket[Item, Result]] = []
        self._led = False

    def add(self, item: Item) -> Result:
        """The result for this item, once the group that it was in is done."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        with self._lock:
            self._pending.append(ticket)
            ticket.leads = not self._led
            self._led = True
        if not ticket.leads:
            ticket.latch.acquire()
        if ticket.leads:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]

    def _lead(self) -> None:
        with self._lock:
            group, self._pending = self._pending[: self._size], self._pending[self._size :]
        try:
            results = self._flush([t.item for t in group])
            for ticket, result in zip(group, results, strict=True):
                ticket.result = result
        except Exception as error:  # every one of them has to hear of it
            if isinstance(error, UnavailableError):
                with self._lock:
                    group, self._pending = group + self._pending, []
            for ticket in group:
                ticket.error = error
        with self._lock:
            self._led = bool(self._pending)
            if self._led:
                self._pending[0].leads = True
                self._pending[0].latch.release()
        # The leader is in its group: it took from the front, and it was there first.
        for ticket in group[1:]:
            ticket.latch.release()
