"""What `make run` says in its terminal."""

from __future__ import annotations

import os
import sys


def say(text: str) -> None:
    """One line of the supervisor's own."""
    write(f"queuecast: {text}\n")


def write(text: str) -> None:
    """Print text as it is. When it cannot be printed, as after the terminal was closed, it is
    dropped: the parts still have to be stopped."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # What was not written is still held, and Python would try it again when it ends.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
