"""One client's connection: uvicorn's, with bounds on what uvicorn lets a client take.

uvicorn speaks HTTP for us, by httptools. It waits without end for the rest of a head, for the rest
of a body that its route did not read, and for a client that does not read its answer. It takes a
head of any length, and answers what is no HTTP with plain text. Each is put right here, in the
places that uvicorn 0.54 has for it (a test names what is gone when another version moves them).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from dataclasses import dataclass
from typing import Any, cast

from httptools import HttpParserInvalidMethodError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.answer_bytes import answer_bytes
from api.http.responses import answer
from api.server.connections import Connections
from api.server.exchange import EXTENSION, AnswerTransport, Exchange
from api.server.send_watch import SendWatch
from shared.queue.messages import new_request_id

# Bytes of a request line and all headers together.
LARGEST_HEAD = 65536
# Bytes of an answer in chunks that are under way to its client.
SENT_AHEAD = 262144
# How long a client that was refused may go on sending, in seconds, so that it reads why.
LINGER = 1.0
_NOT_HTTP = 400, "this is no HTTP/1.1 request that could be understood"
_UNKNOWN_METHOD = 400, "there is no method of this name"
_NO_UPGRADE = "Connection: Upgrade is not supported: send the request as plain HTTP/1.1, without it"
_TOO_LARGE = f"the request line and headers are larger than {LARGEST_HEAD} bytes"


@dataclass(frozen=True, slots=True)
class Limits:
    """All in seconds: how long a head may take to come, how long the rest of a body may take that
    its route did not read, and how long a client may read nothing of its answer."""

    head: float
    unread_body: float
    send: float


class Connection(HttpToolsProtocol):
    """One connection. `register` counts it; `limits` bound it."""

    def __init__(self, register: Connections[Connection], limits: Limits, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._register = register
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._send_watch: SendWatch | None = None
        self._head_bytes = 0
        self._in_head = True
        self._head_is_too_large = False
        self._asks_to_upgrade = False
        self._refused = False
        # Whether it is closed when the body that is coming has come.
        self._closes = False
        self.is_lost = False

    @property
    def is_over_the_bound(self) -> bool:
        """Whether there are more connections than may be served, so that only health is."""
        return self._register.is_over(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        super().connection_made(transport)
        self._set_deadline(self._limits.head)
        self._register.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.is_lost = True
        self._register.closed(self)
        self._set_deadline(None)
        if self._send_watch is not None:
            self._send_watch.stop()
        super().connection_lost(exc)
        # These refer to the connection and it to them, so that only the garbage collector could
        # free them.
        self._send_watch = None
        self.cycle = cast("RequestResponseCycle", None)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_head and not self._refused:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._refuse(431, _TOO_LARGE)
            elif self._deadline is None:
                self._set_deadline(self._limits.head)

    def on_message_begin(self) -> None:
        """Called by the parser at the first byte of a head."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Called by the parser at the end of a head."""
        if sum(len(name) + len(value) for name, value in self.headers) > LARGEST_HEAD:
            # It came in one piece. Raised, this ends the parsing; `send_400_response` is next.
            self._head_is_too_large = True
            raise ValueError(_TOO_LARGE)
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            raise ValueError(_NOT_HTTP)
        if self.parser.should_upgrade():
            # The parser stops behind the head, and would take a body for the next request.
            self._asks_to_upgrade = True
            raise ValueError(_NO_UPGRADE)
        self._in_head = False
        self._set_deadline(None)
        self._register.busy(self)
        super().on_headers_complete()
        # uvicorn would close at once, before the client has read its answer.
        self.cycle.transport = cast("Any", AnswerTransport(self.transport, self.close_after_body))
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: Exchange(self, self.cycle)}

    def on_message_complete(self) -> None:
        """Called by the parser at the end of a body."""
        if self.cycle.response_complete:
            # The rest of a body that its route did not read has come, so the next request can.
            self.cycle.more_body = False
            self._set_deadline(None)
            if self._closes:
                self.transport.close()
            else:
                self._register.idle(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Called when an answer was written. As uvicorn's, without its timer for idle connections:
        `Connections` knows since when each is idle."""
        if self.is_lost or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            # The next request was here already, and `cycle` is that of the last that came.
            self._start_asgi_task(*self.pipeline.pop())
            return
        # Throw away what has come of a body that its route did not read.
        self.cycle.body.clear()
        if self.cycle.more_body:
            self._set_deadline(self._limits.unread_body)
        else:
            self._register.idle(self)

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when the parser refuses what was sent."""
        if self._head_is_too_large:
            self._refuse(431, _TOO_LARGE)
        elif self._asks_to_upgrade:
            self._refuse(400, _NO_UPGRADE)
        else:
            # uvicorn calls this while it handles what the parser raised.
            unknown_method = isinstance(sys.exc_info()[1], HttpParserInvalidMethodError)
            self._refuse(*(_UNKNOWN_METHOD if unknown_method else _NOT_HTTP))

    def pause_writing(self) -> None:
        """Called by the transport when its client reads more slowly than we write."""
        super().pause_writing()
        if self._send_watch is None:
            self._send_watch = SendWatch(
                self.loop, self.transport, self._limits.send, self.break_off
            )
        self._send_watch.start()

    def resume_writing(self) -> None:
        """Called by the transport when its client has read."""
        super().resume_writing()
        if self._send_watch is not None:
            self._send_watch.stop()

    def hold_little(self) -> None:
        """Let the system hold no more than `SENT_AHEAD` bytes that the client has not read. Left to
        itself it takes megabytes, and a client who reads nothing of a listing would have as much
        of it made."""
        with contextlib.suppress(OSError):
            found: socket.socket = self.transport.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)

    async def drained(self) -> None:
        """Wait until the client has read most of what was written, or is gone."""
        if not self.is_lost:
            await self.flow.drain()

    def close_after_body(self) -> None:
        """Close once all of the body has come. A connection that is closed while its client still
        sends is reset, and the client never reads what it was answered."""
        if self.is_lost:
            return
        if self._refused:
            self._close_soon()
        elif self.cycle.more_body:
            self._closes = True
            self._set_deadline(self._limits.unread_body)
        else:
            self.transport.close()

    def give_way(self) -> None:
        """Close this connection, on which no request is under way; called by `Connections`."""
        self.transport.close()

    def break_off(self) -> None:
        """Cut the connection, so that its client sees that an answer is not whole."""
        self.transport.abort()

    def _refuse(self, status: int, error: str) -> None:
        """Answer what cannot be understood, and let it be the last on this connection."""
        self._refused = True
        refusal = answer({"error": error}, status)
        headers = [*refusal.headers, (b"x-request-id", new_request_id().encode("ascii"))]
        if self.cycle is None or self.cycle.response_complete:
            headers.append((b"connection", b"close"))
            self.transport.write(answer_bytes(status, headers, refusal.body))
            self._close_soon()
        elif self.cycle.more_body and not self.cycle.response_started:
            # The head was understood, and its body is not: that is this request's answer.
            self.cycle.keep_alive = False
            Exchange(self, self.cycle).answer(status, headers, refusal.body)
        else:
            # The answer to the request before is on its way. Nothing may be written in front of it.
            self.cycle.keep_alive = False

    def _close_soon(self) -> None:
        """Close once the client has had time to read. A close at once would throw away what it
        has sent since, and reset the connection before the answer is read."""
        self._set_deadline(LINGER)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _set_deadline(self, seconds: float | None) -> None:
        """Cut the connection in so many seconds, instead of any deadline that was set before; None:
        never."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self.transport.abort)
