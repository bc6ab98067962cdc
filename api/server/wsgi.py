"""Flask, called as the WSGI application that it is (PEP 3333), from a request that came by RSGI."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from granian.rsgi import Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@dataclass(slots=True)
class Answer:
    """What Flask answered: `whole` is the body, or None when it comes in chunks."""

    status: int
    headers: list[tuple[str, str]]
    chunks: Iterable[bytes]
    whole: bytes | None = None
    _iterator: Iterator[bytes] | None = None

    def next_chunk(self) -> bytes | None:
        """The next part of the body; None at its end."""
        if self._iterator is None:
            self._iterator = iter(self.chunks)
        return next(self._iterator, None)

    def close(self) -> None:
        """Let go of what the body holds."""
        close = getattr(self.chunks, "close", None)
        if close is not None:
            close()


def call(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Run the application. A body of known length is taken whole; another is left to be read."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started.append((int(status.split(" ", 1)[0]), [(n.lower(), v) for n, v in headers]))

    chunks = app(environ, start_response)
    status, headers = started[-1]
    answer = Answer(status, headers, chunks)
    if any(name == "content-length" for name, _ in headers):
        answer.whole = b"".join(chunks)
        answer.close()
    return answer


def environ(scope: Scope, body: io.BytesIO) -> WSGIEnvironment:
    """The request as WSGI describes one; several headers of one name are joined by commas."""
    host, _, port = scope.server.rpartition(":")
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        # It ends where the body ends, also when that came without a length.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if scope.authority:
        found["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        found[key] = f"{found[key]},{value}" if key in found and key != "HTTP_HOST" else value
    return found
