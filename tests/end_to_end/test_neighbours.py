"""A rolling update: gateways and workers of this version and the next serve beside each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.settings import CHECKOUT
from tests.system import System

REQUESTS = 30
NEXT = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "next_version"), str(CHECKOUT)])}


@pytest.fixture(params=["old gateway, new worker", "new gateway, old worker", "both of both"])
def rolling(on_postgres: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """A moment of a rolling update."""
    ours: dict[str, str] = {}
    gateways: dict[str, list[dict[str, str]]] = {
        "old gateway, new worker": [ours],
        "new gateway, old worker": [NEXT],
    }
    workers: dict[str, list[dict[str, str]]] = {
        "old gateway, new worker": [NEXT],
        "new gateway, old worker": [ours],
    }
    try:
        for more in gateways.get(request.param, [ours, NEXT]):
            on_postgres.start_gateway(wait=True, **more)
        for more in workers.get(request.param, [ours, NEXT]):
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
