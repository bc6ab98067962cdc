"""The bound on the memory of a process that reads somebody's model."""

from __future__ import annotations

import resource

_MIB = 1024 * 1024


def limit_memory(mebibytes: int) -> None:
    """Let this process, and what it forks, take no more than that."""
    size = mebibytes * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
