"""A gateway that is asked to stop while clients send half, read nothing, or only stay."""

from __future__ import annotations

import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from shared.queue.messages import Lane
from tests.end_to_end.half_sent import HalfSent
from tests.filled_table import fill
from tests.flood import Flood
from tests.rough_client import head
from tests.system import System, wait_for

ROWS = 20_000
# The contract's, in seconds.
STOP_WITHIN = 25.0
# Longer than a stop may take: nobody is closed for the time that he took.
TIMES = ("HEAD_TIMEOUT", "BODY_STALL", "BODY_TIMEOUT", "SEND_TIMEOUT")
# Seconds that an honest client is ready to wait.
WAIT = 20

KINDS: dict[str, bytes] = {
    "silence": b"",
    "half a head": b"POST /predict HTTP/1.1\r\nHost: te",
    "half a body": HalfSent("POST", "/predict").sent(),
    "half a body of an update": HalfSent("POST", "/update").sent(),
    "half a body in chunks": HalfSent("POST", "/predict", chunked=True).sent(),
    "half a body for nobody": HalfSent("GET", "/healthz").sent(),
    "a kept connection": head("GET", "/healthz"),
    "a reader who reads nothing": head("GET", "/list-db-contents"),
    "a waiting client": head("GET", "/jobs/none?wait=20"),
}


@dataclass(frozen=True)
class End:
    """How one gateway stopped: its exit code (None when it had to be killed), and the status that
    an honest client was answered who waited meanwhile (None for no answer)."""

    code: int | None
    status: int | None


@pytest.fixture(scope="module")
def ends(attacked: System) -> dict[str, End]:
    """Of gateways with a kind of rough client each, which were asked to stop at once."""
    fill(attacked.database_url, range(1_000_000, 1_000_000 + ROWS))
    attacked.stop()
    attacked.settings |= dict.fromkeys(TIMES, "60")
    for _ in KINDS:
        attacked.start_gateway(wait=False)
    gateways = list(attacked.gateways)
    for part, client in gateways:
        attacked.wait_alive(part, client)
    with ExitStack() as stack:
        for sent, (_, client) in zip(KINDS.values(), gateways, strict=True):
            stack.enter_context(Flood(client.address, 4, sent, receive_buffer=64 * 1024))
        pool = stack.enter_context(ThreadPoolExecutor(len(KINDS)))
        # Without a worker they wait, and become jobs.
        prefer = f"wait={WAIT}"
        waiting = [pool.submit(c.predict, "waits", None, prefer) for _, c in gateways]
        for _, client in gateways:
            assert client.alive()
        wait_for(lambda: _groups(attacked) == len(gateways), 5, "honest clients wait")
        for part, _ in gateways:
            part.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(AssertionError):
            running = [part for part, _ in gateways]
            wait_for(lambda: all(p.exit_code is not None for p in running), STOP_WITHIN)
        codes = [part.exit_code for part, _ in gateways]
        for part, _ in gateways:
            part.kill()
        statuses = [None if f.exception() else f.result().status for f in waiting]
    attacked.gateways.clear()
    return {n: End(c, s) for n, c, s in zip(KINDS, codes, statuses, strict=True)}


def _groups(system: System) -> int:
    """How many groups wait for a worker."""
    client = redis.Redis.from_url(system.redis_url)
    length: Any = client.llen(system.queue(Lane.INTERACTIVE))
    client.close()
    return int(length)


@pytest.mark.parametrize("name", KINDS)
def test_it_stops(ends: dict[str, End], name: str) -> None:
    """Within its time, with exit code 0, and whoever is honest is answered."""
    assert ends[name] == End(0, 202)


def test_nothing_hung(attacked: System, ends: dict[str, End]) -> None:
    """No gateway had to say where it hung."""
    assert len(ends) == len(KINDS)
    assert "Timeout (0:00:22)" not in attacked.log()
