"""Bursts: so many clients ask once each at the same moment, and then stay silent.

A closed loop never shows what these see, since its clients always come back.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.client import Answer, Client, Target
from bench.latencies import Latencies

SIZES = (2, 8, 32, 64, 200)
# Seconds of silence before each burst, drawn between these two.
SILENCE = (0.1, 0.6)


@dataclass(frozen=True, slots=True)
class Burst:
    """What one burst gave; a request without a 200 counts as the time-out, in both figures."""

    size: int
    p50_ms: float
    max_ms: float
    failed: int


def order(sizes: Sequence[int], times: int, seed: int) -> list[int]:
    """Each size so many times, mixed: what a burst meets is what another size has left."""
    drawn = list(sizes) * times
    random.Random(seed).shuffle(drawn)
    return drawn


def summarise_burst(size: int, answers: Sequence[Answer]) -> Burst:
    """The figures of one burst."""
    latencies = Latencies()
    for answer in answers:
        latencies.add(answer.latency_ms, answer.ok)
    return Burst(size, latencies.quantile(0.5), latencies.quantile(1.0), latencies.failed)


async def run_bursts(
    target: Target,
    sizes: Sequence[int],
    first_id: int,
    seed: int,
    silence: tuple[float, float] = SILENCE,
) -> list[Burst]:
    """One burst after another, each when the one before is answered and it has been silent.

    Every client is a new one, connects when it asks, and keeps its connection without using it
    until the next burst is over.

    Raises:
        WrongAnswerError: an answer was not the pipeline's.
    """
    drawn = random.Random(seed)
    ids = itertools.count(first_id)
    silent: list[Client] = []
    bursts = []
    try:
        for size in sizes:
            await asyncio.sleep(drawn.uniform(*silence))
            clients = [Client(target) for _ in range(size)]
            silent += clients
            due = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(c.ask(next(ids), due)) for c in clients]
            bursts.append(summarise_burst(size, [task.result() for task in asked]))
            await _close(silent[:-size])
            silent = clients
    except* Exception as errors:
        raise errors.exceptions[0] from None
    finally:
        await _close(silent)
    return bursts


async def _close(clients: Sequence[Client]) -> None:
    for client in clients:
        await client.close()
