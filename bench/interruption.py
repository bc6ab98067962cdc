"""Ctrl-C and SIGTERM: a run ends at once, and everything that it started ends with it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_on_signals() -> None:
    """From now on the first signal raises KeyboardInterrupt; the next ones are ignored."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put a signal off to the end of the block: what is half started, nobody could stop."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda caught_number, _: caught.append(caught_number))
        for number in SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # A second Ctrl-C must not cut the stopping short.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
