"""Open arrivals: requests come at random moments, whether or not earlier ones were answered.

Latency is counted from the moment at which a request was to be sent, so that a slow answer is
counted by all who would have waited for it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.client import Answer, Client, Target
from bench.latencies import Latencies

# Requests a second: what each contender can bear, and what only some can.
RATES = (40, 400)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What open arrivals at one rate gave; a request without a 200 counts as the time-out."""

    rate: int
    sent: int
    failed: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def poisson(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """The moments of a Poisson process within so many seconds, counted from its beginning."""
    drawn = random.Random(seed)
    moment = drawn.expovariate(rate)
    while moment < seconds:
        yield moment
        moment += drawn.expovariate(rate)


async def offer(
    target: Target, moments: Iterator[float], first_id: int, note: Callable[[Answer], None]
) -> None:
    """Send a request at each moment and note each answer; ends when the last one has come.

    A request goes out on an idle connection, or on a new one where none is idle: it never waits
    for another.

    Raises:
        WrongAnswerError: an answer was not the pipeline's.
    """
    idle: list[Client] = []
    ids = itertools.count(first_id)
    start = time.perf_counter()

    async def send(due: float) -> None:
        client = idle.pop() if idle else Client(target)
        try:
            note(await client.ask(next(ids), due))
        except BaseException:
            await client.close()
            raise
        idle.append(client)

    try:
        async with asyncio.TaskGroup() as group:
            for moment in moments:
                wait = start + moment - time.perf_counter()
                # Also when it is late: the answers that are there must be read.
                await asyncio.sleep(max(0.0, wait))
                group.create_task(send(start + moment))
    except* Exception as errors:
        raise errors.exceptions[0] from None
    finally:
        for client in idle:
            await client.close()


async def run_arrivals(
    target: Target, rate: int, seconds: float, first_id: int, seed: int
) -> Arrivals:
    """Poisson arrivals at a rate.

    Raises:
        WrongAnswerError: an answer was not the pipeline's.
    """
    latencies = Latencies()

    def note(answer: Answer) -> None:
        latencies.add(answer.latency_ms, answer.ok)

    await offer(target, poisson(rate, seconds, seed), first_id, note)
    sent = len(latencies.answered) + latencies.failed
    quantiles = [latencies.quantile(part) for part in (0.5, 0.99, 1.0)]
    return Arrivals(rate, sent, latencies.failed, *quantiles)
