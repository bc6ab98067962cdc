"""How a process stops in time, and with its exit code, however often it is asked to."""

from __future__ import annotations

import faulthandler
import signal

# In seconds; less than the 25 that are promised (docs/guarantees.md).
STOP_WITHIN = 22.0


def limit_stopping() -> None:
    """From now on this process has `STOP_WITHIN` seconds to end by itself. After them it writes
    to stderr where each of its threads is, and ends with exit code 1.

    A signal handler may call it: it takes no lock of Python's.
    """
    faulthandler.dump_traceback_later(STOP_WITHIN, exit=True)


def ignore_signals() -> None:
    """Let signals that ask to stop, and an alarm that a stop has set, change nothing any more: this
    process only has to end.

    Python takes its handlers back while it ends. A signal at that moment would kill the process,
    which would then end with the signal's number rather than with its exit code.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
