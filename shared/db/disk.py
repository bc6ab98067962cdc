"""Whether SQLite's disk is full, asked without writing."""

from __future__ import annotations

import os
from pathlib import Path

# In bytes. With less, a request with a large body does not fit any more.
LEAST_FREE = 1024 * 1024


def is_full(file: Path) -> bool:
    """Whether so little is free where this file is, or would be, that it is as good as full.

    A disk that cannot be asked is not said to be full: whatever is wrong with it shows when the
    file is read.
    """
    try:
        found = os.statvfs(file.absolute().parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < LEAST_FREE
