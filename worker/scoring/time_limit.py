"""How long a process may score."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let the kernel end this process (signal SIGALRM) when the block takes longer; for `math.inf`,
    never.

    A handler written in Python would never run while compiled code hangs, so there is none. To be
    used in the main thread, and not within itself.
    """
    if math.isinf(seconds):
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
