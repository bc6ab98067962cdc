"""A name that leads to one server and later to another, as that of a Redis that fails over."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Forwarder:
    """Passes on what comes to `port`, of this machine, to `target`, another port of it. Connections
    stay with the target that they were made to.

    While nothing gets through (`silent`), nobody is refused and nothing is closed: connections are
    taken and what is sent stays unanswered, as on a network that drops packets; it arrives
    afterwards, as what TCP sends again does.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._passing = threading.Event()
        self._passing.set()

    def __enter__(self) -> Forwarder:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._passing.set()
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing gets through in this block, in either direction."""
        self._passing.clear()
        try:
            yield
        finally:
            self._passing.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the end
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._open.append(client)
        self._passing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:  # whoever is asked for is away, or the client has left
            client.close()
            return
        self._open.append(server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                sink.sendall(data)
        # A goodbye is dropped as well.
        self._passing.wait()
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
