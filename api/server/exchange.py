"""One request and its answer, as the application that serves it sees the two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, Self

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.http.answer_bytes import answer_bytes

# The key of a request's scope under which the application finds its `Exchange`.
EXTENSION = "queuecast.exchange"


class ClientConnection(Protocol):
    """A connection as far as the application knows it."""

    is_lost: bool

    @property
    def is_over_the_bound(self) -> bool:
        """Whether there are more connections than may be served, so that only health is."""

    def hold_little(self) -> None:
        """Let the system hold little of an answer that the client has not read."""

    async def drained(self) -> None:
        """Wait until the client has read most of what was written, or is gone."""

    def break_off(self) -> None:
        """Cut the connection, so that its client sees that an answer is not whole."""


class _DroppedBytes(bytearray):
    """Takes the parts of a body that nobody reads, and keeps none."""

    def __iadd__(self, part: object) -> Self:
        return self


class Exchange:
    """One request and its answer, on the connection that it came by."""

    __slots__ = ("_cycle", "connection")

    def __init__(self, connection: ClientConnection, cycle: RequestResponseCycle) -> None:
        self.connection = connection
        self._cycle = cycle

    def answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Write a whole answer. uvicorn's `send` would take a quarter of the time that a request
        takes in all: it needs two messages, two calls to the system and a check of each letter of
        the headers."""
        cycle = self._cycle
        if cycle.disconnected or cycle.response_complete:
            return
        if not cycle.keep_alive:
            headers.append((b"connection", b"close"))
        headers += cycle.default_headers
        is_head = cycle.scope["method"] == "HEAD"
        cycle.transport.write(answer_bytes(status, headers, body, is_head))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()

    def drop_body(self) -> None:
        """Keep nothing of the request's body, which its route does not read, however long the
        answer takes. uvicorn would hold what comes with the head and 64 KiB more."""
        self._cycle.body = _DroppedBytes()
        if self._cycle.more_body:
            self._cycle.flow.resume_reading()

    def close_afterwards(self) -> None:
        """Let the answer be the last on its connection."""
        self._cycle.keep_alive = False


class AnswerTransport:
    """A connection's transport as the answer of one request writes to it: `close` is ours."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close
