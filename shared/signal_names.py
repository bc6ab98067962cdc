"""What signals are called."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str:
    """The name of a signal, such as SIGKILL; a real-time one has none and goes by its number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
