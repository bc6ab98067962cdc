"""Many rough clients at once, which sent something and then keep still."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from tests.rough_client import Address, RoughClient, allow_many_files


class Flood:
    """So many connections to one gateway, held until the end of the block.

    They stay beside each other however few the gateway serves: what it does not accept waits in
    the kernel's queue. What they sent is taken in turn. `receive_buffer` is each client's, in
    bytes; `at_once` is how many connect in one go, if not all.
    """

    def __init__(
        self,
        address: Address,
        count: int,
        sent: bytes | Sequence[bytes],
        receive_buffer: int | None = None,
        at_once: int | None = None,
        renewed_every: float | None = None,
    ) -> None:
        allow_many_files()
        self._address = address
        self._count = count
        self._sent = [sent] if isinstance(sent, bytes) else list(sent)
        self._receive_buffer = receive_buffer
        self._at_once = at_once or count
        self._renewed_every = renewed_every
        self._made = 0
        self._renewed_at = time.monotonic()
        self.clients: list[RoughClient] = []

    def __enter__(self) -> Flood:
        self.keep_up()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._close(self.clients)

    def keep_up(self) -> int:
        """Put another in the place of each that the gateway has closed; how many that were.

        A client that reads nothing does not always see that it was cut off: all of them are
        renewed every `renewed_every` seconds, if that is given.
        """
        age = time.monotonic() - self._renewed_at
        over = self._renewed_every is not None and age > self._renewed_every
        closed = [client for client in self.clients if over or client.closed_within(0)]
        if over:
            self._renewed_at = time.monotonic()
        self._close(closed)
        for _ in range(min(self._at_once, self._count - len(self.clients))):
            sent = self._sent[self._made % len(self._sent)]
            self.clients.append(RoughClient(self._address, sent, self._receive_buffer))
            self._made += 1
        return len(closed)

    def held(self) -> int:
        """How many the gateway has not closed."""
        return sum(not client.closed_within(0) for client in self.clients)

    def _close(self, clients: Sequence[RoughClient]) -> None:
        gone = set(clients)
        for client in gone:
            client.close()
        self.clients = [client for client in self.clients if client not in gone]
