"""Keeps what large requests took from staying with this process for ever (glibc only).

glibc gives each thread a heap of its own, and moves up the size from which a block is mapped by
itself, and so given back, with each large block that it sees. A gateway that once had a few large
bodies at the same time would hold their memory until it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time
from pathlib import Path

# Numbers of options (malloc.h), and what they are set to. An option that is set stays as it is.
_ARENA_MAX, _ARENAS = -8, 2
_MMAP_THRESHOLD, _MAPPED_FROM = -3, 524288
_TRIM_THRESHOLD, _KEPT = -1, 4194304

# Pages that a process may have more than at its start before what is free is looked for, and how
# many seconds lie between two such looks: each takes some milliseconds.
_MORE = 3072
_EVERY = 2.0


class Heap:
    """The heap of the C library. Where that is not glibc, nothing is done."""

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._pages_at_start = 0
        self._last = 0.0

    def bound(self) -> None:
        """Have large blocks mapped by themselves, and few heaps. To be called before threads are
        started."""
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            for option, value in (
                (_ARENA_MAX, _ARENAS), (_MMAP_THRESHOLD, _MAPPED_FROM), (_TRIM_THRESHOLD, _KEPT),
            ):  # fmt: skip
                library.mallopt(option, value)
            library.malloc_trim.argtypes = [ctypes.c_size_t]
            self._pages_at_start = _pages()
            self._library = library

    def give_back(self) -> None:
        """Give what is free back to the system, if this process is larger than at its start."""
        now = time.monotonic()
        if self._library is None or now - self._last < _EVERY:
            return
        if _pages() > self._pages_at_start + _MORE:
            gc.collect()
            self._library.malloc_trim(0)
            self._last = now


def _pages() -> int:
    """Pages of this process that are in memory (proc(5), "statm")."""
    return int(Path("/proc/self/statm").read_text().split()[1])
