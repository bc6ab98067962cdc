"""Whether this worker's model answers, as its child processes last saw it."""

from __future__ import annotations

import mmap

_ANSWERS, _STOPPING = 0, 1
_UNKNOWN, _YES, _NO = 0, 1, 2


class ModelState:
    """A few bytes that the parent process and its children share; to be made before the fork.

    Each is set with one store, so that a signal handler may do it, and no lock is left behind by a
    process that was killed.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 2)

    @property
    def answers(self) -> bool:
        """Whether a child has warmed up, or answered, since the model last failed."""
        return self._shared[_ANSWERS] == _YES

    @property
    def failed(self) -> bool:
        """Whether it was seen not to answer, and not to answer since."""
        return self._shared[_ANSWERS] == _NO

    def has_answered(self) -> None:
        """Say that it answers."""
        self._shared[_ANSWERS] = _YES

    def has_failed(self) -> bool:
        """Say that it does not; whether this is news."""
        news = self._shared[_ANSWERS] != _NO
        self._shared[_ANSWERS] = _NO
        return news

    @property
    def stopping(self) -> bool:
        """Whether the worker is to stop."""
        return self._shared[_STOPPING] == 1

    def stop(self) -> None:
        """Let children that are still warming up end."""
        self._shared[_STOPPING] = 1
