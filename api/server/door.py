"""The one way in: what holds for every request is judged here, once, before anything serves it.

In this order: the request's id, the key, the path and the method, the room for it, the body's
type, size and time. Behind it are two kinds of routes: those that wait, which are coroutines on the
event loop, and Flask's, on threads. An application of ASGI (specification 3.0).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Protocol

from api.http.api_keys import ApiKeys
from api.http.byte_budget import SMALL, ByteBudget, HeldBytes
from api.http.content_type import check_type
from api.http.cors import Cors, is_preflight
from api.http.host import check_host
from api.http.http_request import HttpRequest
from api.http.responses import Answer, problem, unforeseen
from api.http.routing import Router
from api.server.body_reader import BodyReader, ClientLeftError
from api.server.connection import EXTENSION, Connection
from api.server.flask_threads import FlaskThreads, Place
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
        """From now on let clients keep no connection: one that is closed while it is idle may be
        one that its client is sending on."""
        self._sends_away = True

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begin = time.monotonic()
        request = HttpRequest.from_head(
            scope["method"], scope["path"], scope["query_string"], scope["headers"]
        )
        # Each request is a task with a context of its own, so this need not be taken back.
        request_id.set(request.request_id)
        exchange = _Exchange(
            request, scope["extensions"][EXTENSION], receive, send, self._budget.hold()
        )
        try:
            status = await self._serve(exchange)
        finally:
            exchange.leave()
        if status is not None:
            for observer in self._observers:
                observer.answered(request, status, time.monotonic() - begin)

    async def _serve(self, exchange: _Exchange) -> int | None:
        """Answer; the status, or None when there was nobody to answer."""
        try:
            answer = await self._answer(exchange)
            if len(answer.body) > SMALL:
                # Its client may read it slowly, or not at all.
                exchange.held.take(len(answer.body))
        except QueuecastError as error:
            answer = problem(error)
        except ClientLeftError:
            return None
        except Exception as error:
            answer = unforeseen(error)
        await self._send(exchange, answer)
        return answer.status

    async def _answer(self, exchange: _Exchange) -> Answer:
        request = exchange.request
        check_host(request.headers.get(b"host", b""))
        if not (
            self._router.is_open(request)
            or self._keys.open_to(request.headers.get(b"authorization", b""))
            or is_preflight(request)
        ):
            raise UnauthorizedError("an API key is needed: Authorization: Bearer <key>")
        if request.method == "OPTIONS":
            return self._options(request)
        route = self._router.find(request)
        if exchange.connection.is_over_the_bound and not (route and route.open_to_all):
            raise BusyError("this gateway has as many connections as it may", 1)
        if route is None:
            exchange.place = self._flask.take_place()
            return await self._flask.answer(request)
        if route.takes_body:
            check_type(request.headers)
            request.body = await self._bodies.read(request.headers, exchange.receive, exchange.held)
        return await route.handler(request)

    def _options(self, request: HttpRequest) -> Answer:
        allowed = self._router.allowed(request)
        return Answer(204, b"", [(b"allow", allowed), *self._cors.preflight(request, allowed)])

    async def _send(self, exchange: _Exchange, answer: Answer) -> None:
        request, connection = exchange.request, exchange.connection
        headers = [*answer.headers, (b"x-request-id", request.request_id.encode("ascii"))]
        headers += self._cors.headers(request)
        if answer.chunks is None and answer.status != 204:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        if self._sends_away or answer.status == 408 or connection.is_over_the_bound:
            headers.append((b"connection", b"close"))
        await exchange.send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        if answer.chunks is not None:
            await self._stream(exchange, answer.chunks)
            return
        await exchange.send({"type": "http.response.body", "body": answer.body})
        if len(answer.body) > SMALL:
            await connection.drained()

    async def _stream(self, exchange: _Exchange, chunks: Iterator[bytes]) -> None:
        """Send what a thread makes, each chunk when its client has read what was before."""
        try:
            while not exchange.connection.is_lost:
                chunk = await self._flask.next_chunk(chunks)
                more = chunk is not None
                body = {"type": "http.response.body", "body": chunk or b"", "more_body": more}
                await exchange.send(body)
                if not more:
                    break
        except Exception as error:
            if not isinstance(error, QueuecastError):
                log.error("unforeseen", exc_info=error)
            # The status has been sent. What was sent so far must not look like all of it.
            log.warning("an answer was broken off: %s", error)
            exchange.connection.break_off()
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                await self._flask.run(close)


class _Exchange:
    """One request, the connection that it came by, and what it takes of this process."""

    __slots__ = ("connection", "held", "place", "receive", "request", "send")

    def __init__(
        self,
        request: HttpRequest,
        connection: Connection,
        receive: Receive,
        send: Send,
        held: HeldBytes,
    ) -> None:
        self.request = request
        self.connection = connection
        self.receive = receive
        self.send = send
        self.held = held
        self.place: Place | None = None

    def leave(self) -> None:
        """Give everything back."""
        self.held.give_back()
        if self.place is not None:
            self.place.give_back()
