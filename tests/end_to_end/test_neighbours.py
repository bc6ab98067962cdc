"""A rolling update: gateways and workers of neighbouring versions serve beside each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.settings import CHECKOUT
from tests.system import System

REQUESTS = 30
HERE = Path(__file__).parent


def _version(folder: str) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(HERE / folder), str(CHECKOUT)])}


OURS: dict[str, str] = {}
PAIRS = {
    "this and the next": (OURS, _version("next_version")),
    "the one before and this": (_version("previous_version"), OURS),
}
MOMENTS = ["old gateway, new worker", "new gateway, old worker", "both of both"]


@pytest.fixture(params=[(pair, moment) for pair in PAIRS for moment in MOMENTS], ids=", ".join)
def rolling(on_postgres: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """A moment of a rolling update."""
    pair, moment = request.param
    old, new = PAIRS[pair]
    gateways = {MOMENTS[0]: [old], MOMENTS[1]: [new]}.get(moment, [old, new])
    workers = {MOMENTS[0]: [new], MOMENTS[1]: [old]}.get(moment, [old, new])
    try:
        for more in gateways:
            on_postgres.start_gateway(wait=True, **more)
        for more in workers:
            on_postgres.start_worker(**more)
        on_postgres.wait_ready()
        yield on_postgres
    finally:
        on_postgres.stop()


def test_nobody_waits_in_vain(rolling: System) -> None:
    """Whoever asks, and whoever takes it: every request is answered, none becomes a job, and what
    is promised is done."""
    clients = [client for _, client in rolling.gateways]

    def ask(number: int) -> list[int]:
        client = clients[number % len(clients)]
        predicted = client.predict(f"asked {number}", prefer="wait=20")
        updated = client.update(f"asked {number}", 1, prefer="wait=20")
        promised = client.predict(f"promised {number}", prefer="respond-async")
        ended = client.ended(promised.json["job_id"])
        return [predicted.status, updated.status, promised.status, ended["status_code"]]

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(ask, range(REQUESTS)))
    assert statuses == [[200, 200, 202, 200]] * REQUESTS
    assert "dropped" not in rolling.log()
    assert {row["true_class"] for row in clients[0].rows()} == {1, None}
