"""Reads a request's body: under a deadline, within its size and within what all may hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.http.byte_budget import HeldBytes
from api.http.content_type import announced_length, decompress, is_compressed
from shared.errors import BusyError, SlowBodyError, TooLargeError

# Bytes a second, over the longest that a body may take.
SLOWEST = 1024

Receive = Callable[[], Awaitable[Any]]


class ClientLeftError(Exception):
    """The client has closed its connection, so it cannot be answered."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """`largest` is in bytes, of a body as it was sent and as it is decompressed. `longest` is how
    long a body may take to come, and `stalled` how long nothing of it may come, both in seconds."""

    largest: int
    longest: float
    stalled: float


class BodyReader:
    """Reads bodies; of the event loop's thread only."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        # The deadlines of the bodies that are still coming.
        self._coming: set[asyncio.Timeout] = set()
        self._stops = False

    def stop(self) -> None:
        """This process stops: refuse the requests whose bodies have not come yet."""
        self._stops = True
        for timeout in self._coming:
            timeout.reschedule(asyncio.get_running_loop().time())

    async def read(
        self, headers: Mapping[bytes, bytes], receive: Receive, held: HeldBytes
    ) -> bytes:
        """The body, decompressed if need be; what it takes is added to `held`.

        Raises:
            TooLargeError: it is larger than `MAX_BODY`.
            SlowBodyError: it takes, or stands still, for too long.
            BusyError: all requests hold as many bytes as they may, or this process stops.
            MalformedBodyError: it says that it is gzip, and is not.
            ClientLeftError: the client has left.
        """
        announced_length(headers, self._limits.largest)
        body = await self._whole(receive, held)
        if is_compressed(headers):
            body = decompress(body, self._limits.largest)
            held.take(len(body))
        return body

    async def parts(self, receive: Receive) -> AsyncIterator[bytes]:
        """A body of any length as it comes; nothing of it is held here. However slow its client may
        be, `SLOWEST` bytes a second have to come in the long run.

        Raises:
            SlowBodyError: it stands still, or takes too long.
            BusyError: this process stops.
            ClientLeftError: the client has left.
        """
        limits = self._limits
        loop = asyncio.get_running_loop()
        deadline, came = loop.time() + limits.longest, 0.0
        while True:
            part = await self._next_part(receive, deadline)
            if part["type"] == "http.disconnect":
                raise ClientLeftError
            if part["body"]:
                began = loop.time()
                yield part["body"]
                # What is done with a part is not the client's time.
                deadline += loop.time() - began
            if not part["more_body"]:
                return
            came += len(part["body"])
            if came >= limits.longest * SLOWEST:
                deadline, came = loop.time() + limits.longest, 0.0

    async def _whole(self, receive: Receive, held: HeldBytes) -> bytes:
        limits = self._limits
        # From the head on: a body of which nothing ever comes is late as well.
        deadline = asyncio.get_running_loop().time() + limits.longest
        body = bytearray()
        while True:
            part = await self._next_part(receive, deadline)
            if part["type"] == "http.disconnect":
                raise ClientLeftError
            if len(body) + len(part["body"]) > limits.largest:
                raise TooLargeError(f"the body is larger than {limits.largest} bytes")
            held.take(len(part["body"]))
            if not part["more_body"]:
                # Nearly all bodies come in one piece with their head: that is not copied.
                return bytes(body + part["body"]) if body else part["body"]
            body += part["body"]

    async def _next_part(self, receive: Receive, deadline: float) -> Any:
        limits = self._limits
        now = asyncio.get_running_loop().time()
        # What has come already is taken all the same when this process stops.
        until = now if self._stops else min(deadline, now + limits.stalled)
        try:
            async with asyncio.timeout_at(until) as timeout:
                self._coming.add(timeout)
                try:
                    return await receive()
                finally:
                    self._coming.discard(timeout)
        except TimeoutError as error:
            if self._stops:
                raise BusyError("this gateway stops", 1) from error
            raise SlowBodyError(
                f"the body took longer than {limits.longest:g} s" if until == deadline
                else f"nothing of the body came for {limits.stalled:g} s"
            ) from error  # fmt: skip
