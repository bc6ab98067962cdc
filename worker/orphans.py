"""A child process does not outlive the worker that it belongs to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

LOOK_EVERY = 0.5


def end_with_parent(or_when: Callable[[], bool] = lambda: False) -> None:
    """End this process soon after its parent was killed, as nobody would give it work or stop it;
    or as soon as the condition holds."""
    threading.Thread(target=_watch, args=(os.getppid(), or_when), daemon=True).start()


def _watch(parent: int, or_when: Callable[[], bool]) -> None:
    pause = threading.Event()
    while os.getppid() == parent and not or_when():
        pause.wait(LOOK_EVERY)
    os._exit(0)
