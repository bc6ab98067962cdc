"""Flask on threads: called as the WSGI application that it is (PEP 3333)."""

from __future__ import annotations

import asyncio
import contextvars
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask

from api.http.http_request import HttpRequest
from api.http.responses import Answer, Chunks
from shared.errors import BusyError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Result = TypeVar("Result")

# They take turns with the event loop for the interpreter, so that more would only be slower.
THREADS = 4


class FlaskThreads:
    """Serves the requests of Flask's routes, at most `most` at once, on a few threads. An answer
    that comes in chunks takes a thread only while one is made."""

    def __init__(self, app: Flask, most: int) -> None:
        # What a view raises comes out of the application as it is: the door turns every error
        # into an answer, in one place.
        app.config.update(PROPAGATE_EXCEPTIONS=True, TRAP_HTTP_EXCEPTIONS=True)
        self._app = app
        self._most = most
        self._busy = 0
        self._threads = ThreadPoolExecutor(min(most, THREADS), "flask")

    async def answer(self, request: HttpRequest) -> Answer:
        """What Flask answers. When that comes in chunks, they must be closed afterwards: its place
        among the `most` is kept until then.

        Raises:
            BusyError: every place is taken.
            QueuecastError: a view raised it.
        """
        if self._busy >= self._most:
            raise BusyError("every thread of this gateway is at work", 1)
        self._busy += 1
        answer: Answer | None = None
        try:
            answer = await self.run(lambda: call(self._app, environ(request)))
            return answer
        finally:
            if answer is None or answer.chunks is None:
                self._busy -= 1

    async def next_chunk(self, chunks: Chunks) -> bytes | None:
        """The next chunk of an answer, made on a thread; None at its end."""

        def make() -> bytes | None:
            try:
                return next(chunks)
            except StopIteration:
                return None

        return await self.run(make)

    async def close(self, chunks: Chunks) -> None:
        """Let go of an answer that came in chunks."""
        try:
            await self.run(chunks.close)
        finally:
            self._busy -= 1

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run something on one of the threads, with this task's context (its request's id)."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, context.run, work)


class _Chunks:
    """The body of a WSGI answer; closed when it is let go of."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._iterable = chunks
        self.iterator = iter(chunks)

    def __next__(self) -> bytes:
        return next(self.iterator)

    def close(self) -> None:
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()


def call(app: Callable[..., Iterable[bytes]], environment: WSGIEnvironment) -> Answer:
    """Run the application. A body of known length is taken whole; another is left to be read."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started.append((int(status.split(" ", 1)[0]), headers))

    chunks = _Chunks(app(environment, start_response))
    status, named = started[-1]
    headers = [(n.lower().encode("ascii"), v.encode("latin-1")) for n, v in named]
    if any(name == b"content-length" for name, _ in headers):
        body = b"".join(chunks.iterator)
        chunks.close()
        kept = [(name, value) for name, value in headers if name != b"content-length"]
        return Answer(status, body, kept)
    return Answer(status, b"", headers, chunks)


def environ(request: HttpRequest) -> WSGIEnvironment:
    """The request as WSGI describes one; several headers of one name are joined by commas."""
    found: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.all_headers:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key in ("CONTENT_LENGTH", "TRANSFER_ENCODING", "CONTENT_ENCODING"):
            continue  # the body was read, and decompressed
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        text = value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found and key != "HTTP_HOST" else text
    return found
