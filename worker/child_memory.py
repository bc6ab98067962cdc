"""How much memory a child process may gather, so that a pipeline that leaks does not take it all.

It is the growth that is bounded, from when the model had been loaded and tried: a bound on the
whole would have to be known for each model, and one below the model's own size would end a child
after every group.
"""

from __future__ import annotations

import logging
import mmap
import re
import resource
import sys
from pathlib import Path

log = logging.getLogger(__name__)

MIB = 1024 * 1024

# In KiB. What is in files, as the code of libraries is, the system takes back by itself.
_HELD = re.compile(rb"^(?:RssAnon|VmSwap):\s+([0-9]+) kB$", re.MULTILINE)


class ChildMemory:
    """The bound for each child of a worker, in bytes; to be made before the fork.

    One child at a time is replaced: while its successor loads the model, the others answer. One
    that has grown by twice the bound meanwhile is replaced all the same.
    """

    def __init__(self, growth: int) -> None:
        self._growth = growth
        self._at_first: int | None = None
        # One byte, set with one store, so that no lock is left behind by a child that was killed:
        # whether a child has ended whose successor has not begun.
        self._replacing = mmap.mmap(-1, 1)

    def begin(self) -> None:
        """In a new child, when its model has answered: count from here."""
        self._at_first = held()
        self._replacing[0] = 0

    def must_end(self) -> bool:
        """Whether this child is to end now, between two groups, for having grown too much. The
        caller then ends it; this has been logged."""
        if self._at_first is None:
            return False
        grown = held() - self._at_first
        if grown <= (2 * self._growth if self._replacing[0] else self._growth):
            return False
        self._replacing[0] = 1
        log.warning(
            "a process grew by %d MiB since its model was loaded, and is replaced (WORKER_MEMORY "
            "is %d): the pipeline seems to keep what it was given",
            grown // MIB, self._growth // MIB,
        )  # fmt: skip
        return True


def held() -> int:
    """How much memory this process has for itself, swapped out or not, in bytes. Where the system
    does not say, the most that it ever had."""
    try:
        found = _HELD.findall(Path("/proc/self/status").read_bytes())
    except OSError:
        found = []
    if found:
        return 1024 * sum(map(int, found))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
