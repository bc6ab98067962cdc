"""How long this process itself was kept from running: what a client waits for then is not the
service's doing, and nothing else is forgiven."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from tests.faults.record import Address, Record

_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Stall:
    """This process did not run for so many seconds up to a moment, on the monotonic clock; or a
    gateway did not, which was stopped on purpose."""

    until: float
    seconds: float
    gateway: Address | None = None


class Metronome:
    """A thread that wants to run every 20 ms of the block, and notes when it could not."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metronome", daemon=True)

    def __enter__(self) -> Metronome:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._over.wait(_EVERY):
            now = time.monotonic()
            late = now - last - _EVERY
            if late > _EVERY:
                self.stalls.append(Stall(now, late))
            last = now


def stalled(stalls: Sequence[Stall], record: Record) -> float:
    """The seconds of a request in which its client, or its gateway, could not run."""
    return sum(
        max(
            0.0,
            min(stall.until, record.ended_at) - max(stall.until - stall.seconds, record.sent_at),
        )
        for stall in stalls
        if stall.gateway in (None, record.gateway)
    )
