"""A steady interactive load does not starve what was promised."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.system import Client, System, wait_for

CLIENTS = 32
PROMISED = 20
BEGUN_WITHIN = 30.0


@contextmanager
def steady_load(client: Client) -> Iterator[list[int]]:
    """Clients that send their next request as soon as they are answered; the statuses so far."""
    statuses: list[int] = []
    stopped = threading.Event()
    numbers = itertools.count()

    def ask() -> None:
        while not stopped.is_set():
            statuses.append(client.predict(f"steady {next(numbers)}").status)

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask) for _ in range(CLIENTS)]
        try:
            yield statuses
        finally:
            stopped.set()
    for one in asking:
        one.result()


@pytest.fixture
def busy(on_postgres: System) -> Iterator[System]:
    """A worker with one process: the next interactive group always waits for it already."""
    on_postgres.settings["WORKER_PROCESSES"] = "1"
    try:
        yield on_postgres.start()
    finally:
        on_postgres.stop()


def test_promised_jobs_begin_beside_a_steady_load(busy: System) -> None:
    client = busy.client
    with steady_load(client) as statuses:
        wait_for(lambda: len(statuses) > 10 * CLIENTS, 20, "the load is steady")
        since = time.monotonic()
        # One after the other: each is a message of its own.
        answers = [client.predict(f"promised {n}", prefer="respond-async") for n in range(PROMISED)]
        assert [answer.status for answer in answers] == [202] * PROMISED
        jobs = {answer.json["job_id"] for answer in answers}

        def begun() -> bool:
            jobs.difference_update({job for job in jobs if client.job(job)["status"] != "queued"})
            return not jobs

        wait_for(begun, BEGUN_WITHIN - (time.monotonic() - since), "the last promised job began")
    # It was a load: nobody was turned away, and who waits for an answer is served all the while.
    assert set(statuses) == {200}
