"""Clients in threads, each sending one request after the other until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tests.faults.courier import TIMEOUT, Courier, NothingSentError
from tests.faults.record import Absence, Address, Ask, History, Record
from tests.faults.traffic import Traffic

# When nobody listens, a client looks again after so many seconds.
LOOK_AGAIN = 0.05

# Where the gateways are now; a fault replaces one by another.
Addresses = Callable[[], Sequence[Address]]


class Load:
    """A steady load: a closed loop for each traffic, which stops when told."""

    def __init__(self, traffics: Sequence[Traffic], addresses: Addresses, history: History) -> None:
        self._addresses = addresses
        self._history = history
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number, traffic), name=f"client {number}")
            for number, traffic in enumerate(traffics)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing more, and wait for the answers that are still to come."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(TIMEOUT + 5)

    def _run(self, client: int, traffic: Traffic) -> None:
        courier = Courier()
        try:
            while not self._stopping.is_set():
                addresses = self._addresses()
                record = None
                if addresses:
                    address = addresses[client % len(addresses)]
                    record = _try(courier, traffic.next(), address, self._history)
                if record is None:
                    self._stopping.wait(LOOK_AGAIN)
                    continue
                self._history.add(record)
                traffic.remember(record)
                # A refused client does not hammer, but it does not wait as long as it should.
                self._stopping.wait(traffic.pause() + (0.1 if record.refused else 0.0))
        finally:
            courier.close()


def send_all(
    asks: Sequence[Ask], addresses: Addresses, history: History, clients: int
) -> list[Record]:
    """Send each request once, by so many clients at once; those that found nobody are left out.

    The clients take requests in order, each its next as soon as it has its answer.
    """
    waiting = list(enumerate(asks))[::-1]
    found: list[Record] = []
    lock = threading.Lock()

    def run() -> None:
        courier = Courier()
        try:
            while True:
                with lock:
                    if not waiting:
                        return
                    position, ask = waiting.pop()
                now = addresses()
                address = now[position % len(now)] if now else None
                record = _try(courier, ask, address, history) if address else None
                if record is not None:
                    history.add(record)
                    with lock:
                        found.append(record)
        finally:
            courier.close()

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def answered(records: Sequence[Record]) -> list[Record]:
    """Those that have an answer."""
    return [r for r in records if r.absence is None]


def left(records: Sequence[Record]) -> list[Record]:
    """Those whose client left."""
    return [r for r in records if r.absence is Absence.LEFT]


def _try(courier: Courier, ask: Ask, address: Address, history: History) -> Record | None:
    try:
        with history.sending(ask.number, address):
            return courier.send(ask, address)
    except NothingSentError:
        return None
