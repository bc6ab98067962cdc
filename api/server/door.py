"""The one way in: what holds for every request is judged here, once, before anything serves it.

In this order: the request's id, the key, the path and the method, the room for it, the body's
type, size and time. Behind it are two kinds of routes: those that wait, which are coroutines on the
event loop, and Flask's, on threads. An application of ASGI (specification 3.0).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from api.http.api_keys import ApiKeys
from api.http.byte_budget import SMALL, ByteBudget, HeldBytes
from api.http.content_type import check_type
from api.http.cors import Cors, is_preflight
from api.http.host import check_host
from api.http.http_request import HttpRequest
from api.http.responses import Answer, Chunks, problem, unforeseen
from api.http.routing import Router
from api.server.body_reader import BodyReader, ClientLeftError
from api.server.exchange import EXTENSION, ClientConnection, Exchange
from api.server.flask_threads import FlaskThreads
from shared.errors import BusyError, QueuecastError, UnauthorizedError
from shared.logs import request_id

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class RequestObserver(Protocol):
    """Hears of every request that was answered: the seam for metrics and traces."""

    def answered(self, request: HttpRequest, status: int, seconds: float) -> None:
        """A request got its answer, so many seconds after its head had come."""


class Door:
    """The application that the server calls for each request."""

    def __init__(
        self,
        router: Router,
        flask: FlaskThreads,
        keys: ApiKeys,
        cors: Cors,
        bodies: BodyReader,
        budget: ByteBudget,
        observers: Sequence[RequestObserver] = (),
    ) -> None:
        self._router = router
        self._flask = flask
        self._keys = keys
        self._cors = cors
        self._bodies = bodies
        self._budget = budget
        self._observers = observers
        self._sends_away = False

    def send_away(self) -> None:
        """From now on close each connection after its answer. A connection that is closed while it
        is idle may be closed at the moment when its client sends a request."""
        self._sends_away = True

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begin = time.monotonic()
        request = HttpRequest.from_head(
            scope["method"], scope["path"], scope["query_string"], scope["headers"]
        )
        # Each request is a task with a context of its own, so this need not be taken back.
        request_id.set(request.request_id)
        # Taken out, since the two refer to each other and would wait for the collector.
        exchange: Exchange = scope["extensions"].pop(EXTENSION)
        held = self._budget.hold()
        try:
            answer = await self._answer(request, exchange, receive, held)
            await self._send(request, answer, exchange, send)
        except ClientLeftError:
            return
        finally:
            held.give_back()
        for observer in self._observers:
            observer.answered(request, answer.status, time.monotonic() - begin)

    async def _answer(
        self, request: HttpRequest, exchange: Exchange, receive: Receive, held: HeldBytes
    ) -> Answer:
        """What the request is answered, whatever happens.

        Raises:
            ClientLeftError: the client has closed its connection.
        """
        try:
            answer = await self._serve(request, exchange, receive, held)
            if len(answer.body) > SMALL:
                # Its client may read it slowly, or not at all.
                held.take(len(answer.body))
            return answer
        except QueuecastError as error:
            return problem(error)
        except ClientLeftError:
            raise
        except Exception as error:
            return unforeseen(error)

    async def _serve(
        self, request: HttpRequest, exchange: Exchange, receive: Receive, held: HeldBytes
    ) -> Answer:
        check_host(request.headers.get(b"host", b""))
        if not (
            self._keys.open_to(request.headers.get(b"authorization", b""))
            or self._router.is_open(request)
            or is_preflight(request)
        ):
            raise UnauthorizedError("an API key is needed: Authorization: Bearer <key>")
        if request.method == "OPTIONS":
            allowed = self._router.allowed(request)
            return Answer(204, b"", [(b"allow", allowed), *self._cors.preflight(request, allowed)])
        route = self._router.find(request)
        if exchange.connection.is_over_the_bound and not (route and route.beyond_the_bound):
            raise BusyError("this gateway has as many connections as it may", 1)
        if route is None or not (route.takes_body or route.streams_body):
            exchange.drop_body()
        if route is None:
            return await self._flask.answer(request)
        if route.takes_body:
            check_type(request.headers)
            request.body = await self._bodies.read(request.headers, receive, held)
        if route.streams_body:
            request.parts = self._bodies.parts(receive)
        return await route.handler(request)

    async def _send(
        self, request: HttpRequest, answer: Answer, exchange: Exchange, send: Send
    ) -> None:
        headers = [*answer.headers, (b"x-request-id", request.request_id.encode("ascii"))]
        headers += self._cors.headers(request)
        if self._sends_away or answer.status == 408 or exchange.connection.is_over_the_bound:
            exchange.close_afterwards()
        if answer.chunks is not None:
            exchange.connection.hold_little()
            start = {"type": "http.response.start", "status": answer.status, "headers": headers}
            await send(start)
            await self._stream(answer.chunks, exchange.connection, send)
            return
        exchange.answer(answer.status, headers, answer.body)
        if len(answer.body) > SMALL:
            await exchange.connection.drained()

    async def _stream(self, chunks: Chunks, connection: ClientConnection, send: Send) -> None:
        """Send what a thread makes, each chunk when its client has read what was before."""
        try:
            chunk: bytes | None = b""
            while chunk is not None and not connection.is_lost:
                chunk = await self._flask.next_chunk(chunks)
                more = chunk is not None
                await send({"type": "http.response.body", "body": chunk or b"", "more_body": more})
        except Exception as error:
            # The status 200 has been sent already. A client must not take what it got so far for
            # the whole answer.
            log.warning("an answer was broken off: %s", error)
            if not isinstance(error, QueuecastError):
                log.error("unforeseen", exc_info=error)
            connection.break_off()
        finally:
            await self._flask.close(chunks)
