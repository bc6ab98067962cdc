"""When a request is sent again, and how long after. Pure, but for chance.

Each request may be: an observation has an id, and the first row of an id stays. A label that is
sent twice is the same label.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

# Of a gateway, and of a proxy in front of it.
AGAIN = frozenset((429, 502, 503, 504))


@dataclass(frozen=True)
class Retries:
    """How often a request is sent again (`most`), and for how long it waits before: `first`
    seconds, then twice as long each time, up to `longest`. A service's `Retry-After` counts
    instead; one that asks for more than `longest_asked` is not waited for."""

    most: int = 5
    first: float = 0.25
    longest: float = 8.0
    longest_asked: float = 60.0

    def pause(self, tried: int, retry_after: float | None) -> float | None:
        """How long to wait, in seconds, after so many tries have failed; None to give up.

        Clients that failed together must not come back together, so a part of it is chance.
        """
        if tried > self.most:
            return None
        if retry_after is not None:
            if retry_after > self.longest_asked:
                return None
            return retry_after + random.uniform(0, self.first + retry_after / 4)  # noqa: S311
        longest = min(self.longest, self.first * 2.0 ** (tried - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds that a header `Retry-After` names. A date, which only proxies send, is none: the
    clocks may differ."""
    if retry_after is None or not retry_after.strip().isdecimal():
        return None
    return float(retry_after)
