"""What signals are called, and how a process ended."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str:
    """The name of a signal, such as SIGKILL; a real-time one has none and goes by its number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ending(exit_code: int) -> str:
    """How a process ended, in words that go after "the process was"; negative for a signal."""
    if exit_code < 0:
        return f"ended by {signal_name(-exit_code)}"
    return f"ended with code {exit_code}"
