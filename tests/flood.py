"""Many rough clients at once, which all sent the same and then keep still."""

from __future__ import annotations

from types import TracebackType

from tests.rough_client import Address, RoughClient, allow_many_files


class Flood:
    """So many connections to one gateway, held until the end of the block.

    They stay beside each other however few the gateway serves: what it does not accept waits in
    the kernel's queue. `receive_buffer` is each client's, in bytes.
    """

    def __init__(
        self, address: Address, count: int, sent: bytes, receive_buffer: int | None = None
    ) -> None:
        allow_many_files()
        self._address = address
        self._count = count
        self._sent = sent
        self._receive_buffer = receive_buffer
        self.clients: list[RoughClient] = []

    def __enter__(self) -> Flood:
        self.keep_up()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for client in self.clients:
            client.__exit__(None, None, None)

    def keep_up(self) -> int:
        """Put another in the place of each that the gateway has closed; how many that were."""
        closed = [client for client in self.clients if client.hung_up()]
        for client in closed:
            client.__exit__(None, None, None)
            self.clients.remove(client)
        while len(self.clients) < self._count:
            self.clients.append(self._another())
        return len(closed)

    def held(self) -> int:
        """How many the gateway has not closed."""
        return sum(not client.hung_up() for client in self.clients)

    def _another(self) -> RoughClient:
        return RoughClient(self._address, self._sent, self._receive_buffer)
