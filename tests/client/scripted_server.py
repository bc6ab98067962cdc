"""A small HTTP server that answers what a test has written down, one answer after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Scripted:
    """One answer. A body in `chunks` breaks off behind them unless it `ends`; without a status, the
    connection is closed and nothing answered."""

    status: int | None = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    chunks: tuple[bytes, ...] | None = None
    ends: bool = True


@dataclass(frozen=True)
class Asked:
    """A request as it came, and by which connection: its client's port."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    port: int


@dataclass
class Script:
    """The answers that are still to be given, and what was asked."""

    url: str
    answers: list[Scripted] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def scripted_server() -> Iterator[Script]:
    """Listening on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, self.client_address[1])
            script.asked.append(asked)
            give(self, script.answers.pop(0))

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - as http.server calls them

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script = Script(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def give(handler: BaseHTTPRequestHandler, scripted: Scripted) -> None:
    """Write one answer."""
    if scripted.status is None:
        handler.close_connection = True
        return
    handler.send_response(scripted.status)
    for name, value in scripted.headers.items():
        handler.send_header(name, value)
    if scripted.chunks is None:
        is_text = isinstance(scripted.body, bytes)
        body = scripted.body if is_text else json.dumps(scripted.body).encode()
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for chunk in scripted.chunks:
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
    if scripted.ends:
        handler.wfile.write(b"0\r\n\r\n")
    else:
        handler.close_connection = True
