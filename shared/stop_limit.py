"""The longest that a process takes to stop."""

from __future__ import annotations

import faulthandler

# In seconds; less than the 25 that are promised (docs/guarantees.md).
STOP_WITHIN = 22.0


def limit_stopping() -> None:
    """From now on this process has `STOP_WITHIN` seconds to end by itself. After them it writes
    to stderr where each of its threads is, and ends with exit code 1.

    A signal handler may call it: it takes no lock of Python's.
    """
    faulthandler.dump_traceback_later(STOP_WITHIN, exit=True)
