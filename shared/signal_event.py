"""An event that a signal handler may set."""

from __future__ import annotations

import queue


class SignalEvent:
    """To be used in place of `threading.Event` where a signal handler sets it. One thread waits.

    A handler interrupts the main thread anywhere. `Event.set` takes a lock. When the interrupted
    thread is at the end of `Event.wait`, or in the handler of an earlier signal, it holds this lock
    itself, so the handler would wait for ever. `SimpleQueue.put` may interrupt `get` and
    `put` (Python's documentation, module "queue").
    """

    def __init__(self) -> None:
        self._set = False
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()

    def is_set(self) -> bool:
        """Whether it was set and not cleared since."""
        return self._set

    def set(self) -> None:
        """Wake the thread that waits."""
        self._set = True
        self._bell.put(None)

    def clear(self) -> None:
        """Forget that it was set."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most so many seconds; whether it is."""
        while not self._set:
            try:
                self._bell.get(timeout=timeout)
            except queue.Empty:
                break
        return self._set
