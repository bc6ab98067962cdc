"""Two deployments on one Redis, each with a database of its own: neither touches the other's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from shared.queue.messages import Lane
from tests.system import System, wait_for

OBSERVATIONS = 40


@pytest.fixture
def deployments(
    new_database_url: Callable[[str], str], new_redis_url: Callable[[], str], tmp_path: Path
) -> Iterator[list[System]]:
    """Both kinds of database, the same Redis database number."""
    redis_url = new_redis_url()
    systems = [
        System(new_database_url(kind), redis_url, tmp_path / kind)
        for kind in ("sqlite", "postgres")
    ]
    try:
        yield [system.start() for system in systems]
    finally:
        for system in systems:
            system.stop()


def test_each_row_in_its_own_database(deployments: list[System]) -> None:
    """Predictions, promised ones and labels, all at once."""

    def ask(number: int) -> None:
        system = deployments[number % 2]
        key = f"{number % 2}: {number}"
        if number % 3 == 0:
            promised = system.client.predict(key, prefer="respond-async")
            assert system.client.ended(promised.json["job_id"])["status"] == "succeeded"
        else:
            assert system.client.predict(key, prefer="wait=20").status == 200
        assert system.client.update(key, 1, prefer="wait=20").json["true_class"] == 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(OBSERVATIONS)))
    for place, system in enumerate(deployments):
        found = {row["observation_id"] for row in system.client.rows()}
        assert found == {f"{place}: {n}" for n in range(place, OBSERVATIONS, 2)}


def test_a_deployment_without_a_worker_waits_for_its_own(deployments: list[System]) -> None:
    """The other's worker neither counts as ready nor takes what was promised."""
    waiting, other = deployments
    assert waiting.workers[0].stop(25)
    wait_for(lambda: not waiting.client.ready(), 15, "it has no worker")
    assert other.client.ready()
    promised = waiting.client.predict("promised", prefer="respond-async").json["job_id"]
    assert other.client.predict("beside it").status == 200
    assert waiting.client.job(promised)["status"] == "queued"
    client = redis.Redis.from_url(waiting.redis_url)
    assert client.llen(waiting.queue(Lane.DEFERRED)) == 1
    client.close()
    waiting.workers.clear()
    waiting.start_worker()
    waiting.wait_ready()
    assert waiting.client.ended(promised)["status"] == "succeeded"
    assert [row["observation_id"] for row in other.client.rows()] == ["beside it"]


def test_every_key_of_ours_names_its_deployment(deployments: list[System]) -> None:
    """But the probe, and replies, which lie under the name of a process."""
    for place, system in enumerate(deployments):
        assert system.client.predict(f"{place}").status == 200
    namespaces = [s.queue(Lane.INTERACTIVE).rpartition(".")[2] for s in deployments]
    assert len(set(namespaces)) == 2
    client = redis.Redis.from_url(deployments[0].redis_url, decode_responses=True)
    found: Any = client.keys("*")
    keys = set(found)
    client.close()
    shared = {key for key in keys if not key.endswith(tuple(f".{n}" for n in namespaces))}
    assert {key.split(".")[1] for key in shared} <= {"replies", "probe"}, shared
    assert {f"queuecast.heartbeats.{name}" for name in namespaces} <= keys
