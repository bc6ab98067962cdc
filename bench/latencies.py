"""The latencies of a load, the requests without an answer among them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

# Seconds. Longer than any contender needs for 256 clients at once; what takes longer has failed.
TIMEOUT = 10


@dataclass
class Latencies:
    """Milliseconds of each request that was answered 200, and how many were not.

    A request that failed counts as one that took the whole of TIMEOUT, however soon it was
    refused: errors that come fast must not make a contender look fast.
    """

    answered: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, latency_ms: float, ok: bool) -> None:
        """Count one request; how long one took that failed does not matter."""
        if ok:
            self.answered.append(latency_ms)
        else:
            self.failed += 1

    def quantile(self, part: float) -> float:
        """The latency that this part of all requests did not exceed; 0 when there were none."""
        total = len(self.answered) + self.failed
        if not total:
            return 0.0
        # The tolerance is for products such as 0.99 * 100, which is a little above 99.
        rank = max(1, math.ceil(part * total - 1e-9))
        if rank > len(self.answered):
            return TIMEOUT * 1000.0
        return min(sorted(self.answered)[rank - 1], TIMEOUT * 1000.0)
