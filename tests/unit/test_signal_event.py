"""An event that signals set."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from shared.settings import CHECKOUT
from shared.signal_event import SignalEvent

# With `threading.Event` for `SignalEvent` this locks itself within some milliseconds.
SET_BY_SIGNALS = """
import signal
from shared.signal_event import SignalEvent
alarm = SignalEvent()
signal.signal(signal.SIGALRM, lambda *_: alarm.set())
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
for _ in range(2000):
    alarm.wait()
    alarm.clear()
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def test_set_by_signals() -> None:
    """It may be set in the middle of its own waiting, and of its own setting."""
    command = [sys.executable, "-c", SET_BY_SIGNALS]
    assert subprocess.run(command, cwd=CHECKOUT, timeout=30, check=False).returncode == 0


def test_waiting() -> None:
    """It wakes who waits, stays set until it is cleared, and a time limit is kept."""
    alarm = SignalEvent()
    assert not alarm.wait(0)
    threading.Timer(0.05, alarm.set).start()
    began = time.monotonic()
    assert alarm.wait(20)
    assert time.monotonic() - began < 15
    assert alarm.is_set() and alarm.wait(0)
    alarm.clear()
    assert not alarm.is_set() and not alarm.wait(0.01)
