"""HTTP byte by byte: what HTTP libraries refuse to send."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from http.client import HTTPConnection, HTTPResponse

from tests.system import Answer

Address = tuple[str, int]
Headers = Iterable[tuple[str, str | bytes]]


def send(
    address: Address, method: str, path: str | bytes, headers: Headers = (), body: bytes = b""
) -> Answer:
    """One request on a connection of its own, with these headers and a Content-Length and nothing
    else; the path and the headers are sent as they are, in Latin-1 when they are text."""
    lines = [b" ".join([method.encode(), _bytes(path), b"HTTP/1.1"])]
    lines += [name.encode() + b": " + _bytes(value) for name, value in headers]
    lines += [b"Content-Length: %d" % len(body), b"Connection: close"]
    with socket.create_connection(address, timeout=40) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        with HTTPResponse(connection, method=method) as response:
            response.begin()
            names = {k.lower(): v for k, v in response.getheaders()}
            return Answer(response.status, names, response.read())


def send_chunked(address: Address, method: str, path: str, body: bytes) -> Answer:
    """One request whose body comes in chunks, so that nothing says how long it is."""
    connection = HTTPConnection(*address, timeout=40)
    try:
        headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        connection.request(method, path, _chunks(body), headers, encode_chunked=True)
        response = connection.getresponse()
        names = {k.lower(): v for k, v in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


def _bytes(text: str | bytes) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text
