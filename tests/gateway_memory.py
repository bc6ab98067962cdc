"""What a gateway weighs: at every moment of an attack, and after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from local.part import Part
from tests.system import wait_for

# In bytes, whatever was done to it before.
MOST_MEMORY = 90 * 1024 * 1024


def memory(part: Part) -> int:
    """What a part's processes hold, in bytes: the largest of them."""
    main = psutil.Process(part.process.pid)
    return max(int(p.memory_info().rss) for p in (main, *main.children(recursive=True)))


def check_memory(part: Part) -> None:
    """After an attack a gateway weighs what a gateway weighs."""
    held = [0]

    def small() -> bool:
        held[0] = memory(part)
        return held[0] < MOST_MEMORY

    try:
        wait_for(small, 5)
    except AssertionError as error:
        raise AssertionError(f"the gateway still holds {held[0] >> 20} MiB") from error


@contextmanager
def watched(part: Part) -> Iterator[list[int]]:
    """What a part held, in bytes, at every moment of the block."""
    held = [memory(part)]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            held.append(memory(part))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield held
    finally:
        over.set()
        watcher.join()
