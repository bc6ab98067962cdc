"""Work that a thread does again and again while a block runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeating(work: Callable[[], object], every: float) -> Iterator[None]:
    """Call it each so many seconds, on a thread of its own, until the block ends."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every):
            work()

    thread = threading.Thread(target=run, name="repeating")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
