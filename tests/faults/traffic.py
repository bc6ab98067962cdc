"""What one client sends: a mix whose order the seed decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from shared.queue.messages import Kind
from tests.conftest import passengers
from tests.faults.record import Ask, Record

# Clients that are about as fast meet at the same hot ids.
_STEPS_A_HOT_ID = 6
_MOST_PROMISED = 50
# Of one client in one run.
_MOST_STEPS = 100_000


@cache
def observations() -> tuple[dict[str, Any], ...]:
    """The 891 training passengers."""
    return tuple(observation for _, observation, _ in passengers("titanic_train.csv"))


@dataclass(frozen=True)
class Ids:
    """Ids of one run. `whole` begins a range of integers that no other run uses."""

    name: str
    whole: int

    def of(self, client: int, step: int, random: Random) -> int | str:
        """An id that no other client and no other step has: an integer, or a string.

        Not from a counter that clients share: whoever is faster would change it.
        """
        if random.random() < 0.3:
            return self.whole + client * _MOST_STEPS + step
        return f"{self.name} {client} {step}"


class Traffic:
    """The requests of one client, one after the other, with up to `pause` seconds between."""

    def __init__(
        self, client: int, random: Random, ids: Ids, number: Callable[[], int], pause: float
    ) -> None:
        self._client = client
        self._random = random
        self._ids = ids
        self._number = number
        self._pause = pause
        self._step = 0
        self._promised: list[int | str] = []

    def next(self) -> Ask:
        """The next request: half are synchronous predictions, the rest is everything else."""
        self._step += 1
        random = self._random
        draw = random.random()
        respond_async = random.random() < 0.3
        if draw < 0.18 and self._promised:
            target = random.choice(self._promised)
            label = random.randint(0, 1)
            return Ask(self._number(), Kind.UPDATE, target, None, label, respond_async)
        number = self._number()
        if draw < 0.32:
            # Another passenger under the same id: whoever is first decides which one it is.
            target = f"{self._ids.name} hot {self._step // _STEPS_A_HOT_ID}"
        else:
            target = self._ids.of(self._client, self._step, random)
        observation = random.choice(observations())
        return Ask(number, Kind.PREDICT, target, observation, None, respond_async)

    def pause(self) -> float:
        """Seconds until the next request."""
        return self._random.uniform(0.0, self._pause)

    def remember(self, record: Record) -> None:
        """Take note of what was promised, so that it can be updated."""
        if record.ask.kind is Kind.PREDICT and record.accepted:
            self._promised.append(record.ask.observation_id)
            del self._promised[:-_MOST_PROMISED]
