"""An event that a signal handler may set."""

from __future__ import annotations

import queue


class SignalEvent:
    """Stands in for `threading.Event` where a signal sets it. One thread waits.

    A handler runs in the middle of whatever the main thread is doing. `Event.set` takes a lock;
    when that thread is at the end of `Event.wait`, or in the handler of an earlier signal, it holds
    this lock itself and would wait for itself for ever. `SimpleQueue.put` may interrupt `get` and
    `put` (Python's documentation, module "queue").
    """

    def __init__(self) -> None:
        self._set = False
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()

    def is_set(self) -> bool:
        """Whether it was set and not cleared since."""
        return self._set

    def set(self) -> None:
        """Wake who waits."""
        self._set = True
        self._bell.put(None)

    def clear(self) -> None:
        """Wait for the next time."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most so many seconds; whether it is."""
        while not self._set:
            try:
                self._bell.get(timeout=timeout)
            except queue.Empty:
                break
        return self._set
