"""One client's connection: uvicorn's, with bounds on what uvicorn lets a client take.

uvicorn speaks HTTP for us, by httptools. It waits without end for the rest of a head, for the rest
of a body that its route did not read, and for a client that does not read its answer. It takes a
head of any length, and answers what is no HTTP with plain text. Each is put right here, in the
places that uvicorn 0.54 has for it (a test names what is gone when another version moves them).
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.answer_bytes import answer_bytes
from api.http.heads import LARGEST_HEAD, Head, too_large
from api.http.responses import answer
from api.server.connections import Connections
from api.server.deadline import Deadline
from api.server.exchange import EXTENSION, AnswerTransport, Exchange
from api.server.limits import Limits
from api.server.parsing import CUT_OFF, new_parser, reason
from api.server.send_watch import SendWatch, hold_little
from shared.queue.messages import new_request_id

# How long a client that was refused may go on sending, in seconds, so that it reads why.
LINGER = 1.0


class Connection(HttpToolsProtocol):
    """One connection. `register` counts it; `limits` bound it."""

    def __init__(self, register: Connections[Connection], limits: Limits, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._register = register
        self._limits = limits
        self._deadline = Deadline(self.loop)
        self._send_watch: SendWatch | None = None
        self.url = b""
        self._head_bytes = 0
        self._in_head = True
        self._refused = False
        # Whether the client sends no more; it may still read.
        self._has_ended = False
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
        self._deadline.set(self._limits.head, self.transport)
        self._register.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.is_lost = True
        self._register.closed(self)
        self._deadline.lift()
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
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as stopped:
            self._serve_without_upgrade(data[stopped.args[0] :])
            return
        except HttpParserError as error:
            self._refuse(*reason(error))
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                refused = too_large(self.url)
                self._refuse(refused.status, refused.error)
            elif not self._deadline.is_set:
                self._deadline.set(self._limits.head, self.transport)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Called by the event loop when the client sends no more. It may wait for the answer to a
        whole request: then the connection stays until that was written."""
        self._has_ended = True
        self._register.ended(self)
        is_served = self.cycle is not None and not self.cycle.response_complete
        if self._refused:
            pass
        elif not is_served:
            if self._in_head and self._head_bytes:
                self._refuse(*CUT_OFF)
        elif self.cycle.more_body:
            self._refuse(*CUT_OFF)
        else:
            self.cycle.keep_alive = False
        return is_served

    def on_message_begin(self) -> None:
        """Called by the parser at the first byte of a head."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Called by the parser at the end of a head."""
        parser = self.parser
        self._head = Head(parser.get_method(), self.url, parser.get_http_version(), self.headers)
        self._head.check()  # raised, this ends the parsing
        if parser.should_upgrade():
            return  # the parser stops here: `_serve_without_upgrade`
        self._in_head = False
        self._deadline.lift()
        self._register.busy(self)
        super().on_headers_complete()
        # uvicorn would close at once, before the client has read its answer.
        self.cycle.transport = cast("Any", AnswerTransport(self.transport, self.close_after_body))
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: Exchange(self, self.cycle)}

    def on_message_complete(self) -> None:
        """Called by the parser at the end of a body."""
        if self.parser.should_upgrade():
            return
        if self.cycle.response_complete:
            # The rest of a body that its route did not read has come, so the next request can.
            self.cycle.more_body = False
            self._deadline.lift()
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
            self._deadline.set(self._limits.unread_body, self.transport)
        else:
            self._register.idle(self)

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
        """Let the system hold little of an answer that the client has not read."""
        hold_little(self.transport)

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
        elif self.cycle.more_body and not self._has_ended:
            self._closes = True
            self._deadline.set(self._limits.unread_body, self.transport)
        else:
            self.transport.close()

    def give_way(self) -> None:
        """Make room for others; called by `Connections`."""
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
            exchange = Exchange(self, self.cycle)

            async def refuse(*_: Any) -> None:
                exchange.answer(status, headers, refusal.body)

            if self.pipeline:
                # Requests before it are still to be answered: it is when its turn comes.
                self.pipeline[0] = (self.cycle, refuse)
            else:
                exchange.answer(status, headers, refusal.body)
        else:
            # The answer to the request before is on its way. Nothing may be written in front of it.
            self.cycle.keep_alive = False

    def _serve_without_upgrade(self, rest: bytes) -> None:
        """Serve a request as it is that asks to upgrade, which a server may do (RFC 9110, section
        7.8). The parser takes what follows its head, `rest`, for the other protocol's, a body too:
        so another one reads the head again, without what asks, and then what follows."""
        self.parser = new_parser(self)
        self.data_received(self._head.without_upgrade() + rest)

    def _close_soon(self) -> None:
        """Close once the client has had time to read. A close at once would throw away what it
        has sent since, and reset the connection before the answer is read."""
        if self._has_ended:
            self.transport.close()
            return
        self._deadline.set(LINGER, self.transport)
        if self.transport.can_write_eof():
            self.transport.write_eof()
