"""The server's way in: plain predictions on the event loop, everything else to Flask on threads.

A request that waits for its group on a thread of its own costs two switches between hundreds of
threads, more than everything else that the gateway does for it. So the one request that makes up
nearly all traffic, a `POST /predict` with a length and without `Prefer`, waits on the event loop,
and is served with the same functions as Flask's route. Whatever is out of the ordinary is left to
Flask, as are all other routes.

Spoken to through RSGI (granian's documentation, "RSGI specification", 1.6).
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask, Response
from granian.rsgi import HTTPProtocol, ProtocolClosed, ProtocolError, Scope  # type: ignore[attr-defined]

from api.gateway import Gateway
from api.http import request_bodies
from api.http.api_keys import ApiKeys
from api.http.responses import problem, unforeseen
from api.routes.predictions import respond
from api.server.wsgi import Answer, call, environ
from shared.errors import BusyError, QueuecastError
from shared.queue.messages import Kind

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})
_JSON = [("content-type", "application/json")]
# No body is read further than this.
MOST_DRAINED = 64 * 1024 * 1024
# What the protocol raises when its client has left.
_GONE = (ProtocolClosed, ProtocolError)
_HEALTH = frozenset({"/healthz", "/readyz"})


class Front:
    """The RSGI application of one gateway process."""

    def __init__(self, app: Flask, gateway: Gateway, keys: ApiKeys) -> None:
        self._app = app
        self._gateway = gateway
        self._keys = keys
        self._longest = gateway.settings.max_body
        self._most = gateway.settings.gateway_threads
        self._busy = 0
        self._more: list[tuple[str, str]] = []
        self._threads = ThreadPoolExecutor(self._most, "flask")
        # Apart, so that a gateway whose threads all wait can still say that it is up.
        self._health = ThreadPoolExecutor(4, "health")

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server before the first request."""
        self._gateway.attach(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server after the last request."""
        self._gateway.close()

    def send_away(self) -> None:
        """From now on let clients keep no connection: one that is closed while it is idle may be
        one that its client is sending on."""
        self._more = [("connection", "close")]

    def hand_back(self) -> None:
        """Answer now whoever still waits."""
        self._gateway.hand_back()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Serve one request."""
        if self._is_plain_prediction(scope):
            await self._predict(protocol)
        elif scope.path in _HEALTH:
            await self._flask(scope, protocol, self._health)
        elif self._busy < self._most:
            self._busy += 1
            try:
                await self._flask(scope, protocol, self._threads)
            finally:
                self._busy -= 1
        else:
            await _read(protocol, 0)
            self._send(protocol, problem(BusyError("every thread of this gateway is waiting", 1)))

    def _is_plain_prediction(self, scope: Scope) -> bool:
        headers = scope.headers
        length = headers.get("content-length", "")
        return (
            scope.path == "/predict"
            and scope.method == "POST"
            and "prefer" not in headers
            and headers.get("content-type") in _TYPES
            and length.isascii()
            and length.isdecimal()
            and int(length) <= self._longest
            and self._keys.open_to(headers.get("authorization", ""))
        )

    async def _predict(self, protocol: HTTPProtocol) -> None:
        try:
            data = await protocol()
            asked = request_bodies.understand(Kind.PREDICT, data)
            outcome = await self._gateway.predict_soon(asked)
            if outcome is not None and outcome.status_code == 200:
                body = json.dumps(outcome.body).encode() + b"\n"
                protocol.response_bytes(200, _JSON + self._more, body)
                return
            response = respond(asked, outcome)
        except QueuecastError as error:
            response = problem(error)
        except _GONE:
            return
        except Exception as error:
            response = unforeseen(error)
        self._send(protocol, response)

    async def _flask(
        self, scope: Scope, protocol: HTTPProtocol, threads: ThreadPoolExecutor
    ) -> None:
        try:
            # One byte more than is allowed, for Flask to see that it is too much.
            body = await _read(protocol, self._longest + 1)
            answer: Answer = await _on(threads, lambda: call(self._app, environ(scope, body)))
            answer.headers += self._more
            if answer.whole is not None:
                protocol.response_bytes(answer.status, answer.headers, answer.whole)
                return
            await _stream(protocol, answer, threads)
        except _GONE:
            log.debug("a client left")

    def _send(self, protocol: HTTPProtocol, response: Response) -> None:
        headers = [(name.lower(), value) for name, value in response.headers.items()]
        with contextlib.suppress(*_GONE):
            body = response.get_data()
            protocol.response_bytes(response.status_code, headers + self._more, body)


async def _on(threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


async def _stream(protocol: HTTPProtocol, answer: Answer, threads: ThreadPoolExecutor) -> None:
    transport = protocol.response_stream(answer.status, answer.headers)
    try:
        while (chunk := await _on(threads, answer.next_chunk)) is not None:
            await transport.send_bytes(chunk)
    finally:
        await _on(threads, answer.close)


async def _read(protocol: HTTPProtocol, kept: int) -> io.BytesIO:
    """The first bytes of a body. The rest is read and thrown away: a client that is answered
    while it still sends hears a broken pipe instead of the answer."""
    body = io.BytesIO()
    drained = 0
    async for chunk in protocol:
        body.write(chunk[: max(0, kept - body.tell())])
        drained += len(chunk)
        if drained > MOST_DRAINED:
            break
    body.seek(0)
    return body
