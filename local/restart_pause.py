"""How long a part that died stays down before it is started again."""

from __future__ import annotations

import time
from collections.abc import Callable

# In seconds. Each pause is twice the one before.
SHORTEST, LONGEST = 1.0, 30.0
# In seconds. A part that ran for so long had started well, so its pauses begin anew.
RAN_WELL = 60.0


class RestartPause:
    """Grows with every end that follows soon after a start. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = SHORTEST
        self._started = clock()

    def started(self) -> None:
        """The part has just been started."""
        self._started = self._clock()

    def ended(self) -> float:
        """The part has just ended: how many seconds to wait before it is started again."""
        if self._clock() - self._started >= RAN_WELL:
            self._next = SHORTEST
        pause = self._next
        self._next = min(LONGEST, 2 * pause)
        return pause
