"""An HTTP client on the event loop, whose every answer is checked."""

from __future__ import annotations

import asyncio
import enum
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bench.checking import WrongAnswerError, compare
from bench.latencies import TIMEOUT
from bench.passengers import ID

# Beyond this, an answer's head is no head of these contenders.
_LARGEST_HEAD = 65536


class Outcome(enum.Enum):
    """What became of a request."""

    OK = "ok"
    REFUSED = "refused"
    BROKEN = "broken"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request gave; `latency_ms` is counted from when it was due."""

    observation_id: int
    outcome: Outcome
    latency_ms: float
    ended: float

    @property
    def ok(self) -> bool:
        """Whether it was answered 200, and rightly."""
        return self.outcome is Outcome.OK


@dataclass(frozen=True, slots=True)
class Check:
    """How an answer is held against the pipeline's `right` probabilities of all passengers."""

    contender: str
    proba: Callable[[Any], float]
    right: Sequence[float]

    def see(self, observation_id: int, body: bytes) -> None:
        """See that a 200 says what the pipeline says.

        Raises:
            WrongAnswerError: it does not.
        """
        position = observation_id % len(self.right)
        try:
            answer = self.proba(json.loads(body))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            shown = body[:200].decode(errors="replace")
            raise WrongAnswerError(f"{self.contender} answered 200 with {shown!r}") from error
        compare(self.contender, position, answer, self.right[position])


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and what they say; `bodies` are templates with `ID` in them."""

    url: str
    bodies: Sequence[str]
    headers: Mapping[str, str]
    check: Check | None = None

    def request(self, observation_id: int) -> bytes:
        """The bytes of a request about the passenger that the id is for."""
        url = urlsplit(self.url)
        body = self.bodies[observation_id % len(self.bodies)].replace(ID, str(observation_id))
        data = body.encode()
        lines = [f"POST {url.path} HTTP/1.1", f"Host: {url.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(data)}", "", ""]
        return "\r\n".join(lines).encode() + data


class Client:
    """One connection, which is kept between requests and opened anew when it has ended."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, observation_id: int, due: float | None = None) -> Answer:
        """Ask once. `due` is when the request should have been sent, on `time.perf_counter`.

        Raises:
            WrongAnswerError: the answer is a 200 with another probability than the pipeline's.
        """
        due = time.perf_counter() if due is None else due
        left = due + TIMEOUT - time.perf_counter()
        body = b""
        try:
            # Not wait_for, which swallows a cancellation now and then before Python 3.12.
            async with asyncio.timeout(left):
                status, body = await self._exchange(self._target.request(observation_id))
            outcome = Outcome.OK if status == 200 else Outcome.REFUSED
        except TimeoutError:
            outcome = Outcome.TIMEOUT
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            outcome = Outcome.BROKEN
        ended = time.perf_counter()
        if outcome in (Outcome.TIMEOUT, Outcome.BROKEN):
            await self.close()
        if outcome is Outcome.OK and self._target.check:
            self._target.check.see(observation_id, body)
        return Answer(observation_id, outcome, (ended - due) * 1000, ended)

    async def close(self) -> None:
        """End the connection; the next request opens another."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        # A server may end a connection that nobody uses; that is no failed request.
        if self._reader is None or self._writer is None or self._reader.at_eof():
            await self.close()
            url = urlsplit(self._target.url)
            self._reader, self._writer = await asyncio.open_connection(
                url.hostname, url.port, limit=_LARGEST_HEAD
            )
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        first, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        if headers.get("transfer-encoding") == "chunked":
            body = await _chunks(self._reader)
        elif "content-length" in headers:
            body = await self._reader.readexactly(int(headers["content-length"]))
        else:
            raise ValueError("an answer without a length")
        if headers.get("connection") == "close":
            await self.close()
        return int(first.split()[1]), body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A body that comes in chunks, which some servers write whatever its length."""
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
