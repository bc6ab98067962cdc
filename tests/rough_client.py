"""Clients that no HTTP library makes: they send half a request, send slowly, or read nothing."""

from __future__ import annotations

import contextlib
import io
import resource
import select
import socket
import time
from collections.abc import Iterable
from http.client import HTTPResponse
from types import TracebackType
from typing import Any

from tests.system import Answer

Address = tuple[str, int]
Headers = Iterable[tuple[str, str]]

JSON = ("Content-Type", "application/json")
# What a connection may cost a test that opens more than a thousand of them.
_FILES = 8192


def head(
    method: str, path: str, headers: Headers = (), length: int | None = None, chunked: bool = False
) -> bytes:
    """The head of a request, whole; its body is said to have a length, or to come in chunks."""
    lines = [f"{method} {path} HTTP/1.1", "Host: test", *(f"{n}: {v}" for n, v in headers)]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


class _Unbuffered(io.RawIOBase):
    """What HTTPResponse reads from: it takes no byte more than it was asked for, so that what
    follows an answer can be seen."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def makefile(self, _mode: str) -> _Unbuffered:
        return self

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """As much as was asked for, unless the connection ends before."""
        view = memoryview(buffer)
        found = 0
        while found < len(view) and (count := self._socket.recv_into(view[found:])):
            found += count
        return found


class RoughClient:
    """One connection, on which bytes are sent and read one by one. `receive_buffer`, in bytes, is
    what the kernel takes in for a client that does not read."""

    def __init__(
        self, address: Address, sent: bytes = b"", receive_buffer: int | None = None
    ) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(10)
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(address)
        self.port: int = self._socket.getsockname()[1]
        self.send(sent)

    def __enter__(self) -> RoughClient:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send; what a gateway that has hung up, or does not read, will not take is left out."""
        with contextlib.suppress(OSError):
            self._socket.sendall(data)

    def offer(self, data: bytes) -> int:
        """Send as much as is taken without waiting; how many bytes that was."""
        self._socket.setblocking(False)
        sent = 0
        try:
            while sent < len(data):
                sent += self._socket.send(data[sent:])
        except OSError:
            pass
        finally:
            self._socket.settimeout(10)
        return sent

    def drip(self, data: bytes, every: float) -> Answer:
        """Send a byte after each `every` seconds in which no answer came, and return the answer.

        When all is sent, the answer is waited for.
        """
        for byte in data:
            if select.select([self._socket], [], [], every)[0]:
                break
            self.send(bytes([byte]))
        return self.answer()

    def answer(self, seconds: float = 10.0, method: str = "GET") -> Answer:
        """The answer; it must begin, and never pause, within so many seconds.

        Raises:
            OSError: none came in time, or the connection was reset.
            HTTPException: the connection was closed before the answer was whole.
        """
        self._socket.settimeout(seconds)
        unbuffered: Any = _Unbuffered(self._socket)
        response = HTTPResponse(unbuffered, method=method)
        response.begin()
        names = {k.lower(): v for k, v in response.getheaders()}
        return Answer(response.status, names, response.read())

    def read(self, most: int, seconds: float = 10.0) -> bytes:
        """Up to so many bytes, as many as are there; none when the gateway has hung up."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(most)
        except ConnectionError:
            return b""

    def rest(self, seconds: float = 10.0) -> bytes:
        """Everything until the gateway hangs up, which it must within so many seconds."""
        deadline = time.monotonic() + seconds
        found = bytearray()
        while data := self.read(1 << 20, max(0.01, deadline - time.monotonic())):
            found += data
        return bytes(found)

    def closed_within(self, seconds: float) -> bool:
        """Whether the gateway closes the connection in this time, or we have; nothing is read
        meanwhile."""
        events = select.poll()
        try:
            events.register(self._socket, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        except ValueError:  # another thread has hung up
            return True
        return bool(events.poll(seconds * 1000))

    def hung_up(self) -> bool:
        """Whether the gateway has closed the connection; what it said before is thrown away."""
        self._socket.setblocking(False)
        try:
            while self._socket.recv(1 << 16):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def allow_many_files() -> None:
    """Let this process, and those that it starts, hold thousands of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    wanted = _FILES if unlimited else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
