"""What the smallest plans allow: connections, threads, and the time to stop."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import redis

from shared.settings import Settings
from tests.deployment.heroku import Heroku
from tests.system import FIRST_PASSENGER, Client, wait_for

# Of Heroku's essential-0 of PostgreSQL and mini of Redis, and of its Basic dynos.
CONNECTIONS_ALLOWED = 20
THREADS_ALLOWED = 256


def test_within_the_limits_of_small_plans(
    heroku: Heroku, web: Client, composed_redis: redis.Redis
) -> None:
    """Under load, a web and a worker dyno take at most half of the smallest database's
    connections, since a release may overlap the one before it, and fit Redis and the threads."""
    stop = time.monotonic() + 3
    most = {"database": 0, "redis": 0}

    def ask(client: int) -> None:
        number = 0
        while time.monotonic() < stop:
            prefer = "respond-async" if client % 4 == 0 else None
            answer = web.predict(f"load-{client}-{number}", FIRST_PASSENGER, prefer)
            assert answer.status in (200, 202), answer
            number += 1

    with psycopg2.connect(heroku.database_url) as connection, ThreadPoolExecutor(48) as pool:
        connection.autocommit = True
        cursor = connection.cursor()
        asking = [pool.submit(ask, client) for client in range(48)]
        while not all(one.done() for one in asking):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )
            (found,) = cursor.fetchone() or (0,)
            most["database"] = max(most["database"], found)
            connected: Any = composed_redis.client_list()
            most["redis"] = max(most["redis"], len(connected) - 1)
        for one in asking:
            one.result()
    connection.close()
    # A worker's parent has two, beside one for each process.
    worst = sum(int(heroku.config[n]) for n in ("DATABASE_CONNECTIONS", "WORKER_PROCESSES")) + 2
    assert 0 < most["database"] <= worst <= CONNECTIONS_ALLOWED / 2, most
    assert 0 < most["redis"] <= CONNECTIONS_ALLOWED, most
    assert Settings.from_environment(heroku.config).gateway_threads <= THREADS_ALLOWED - 32


def test_stops_in_time(heroku: Heroku, web: Client, composed_redis: redis.Redis) -> None:
    """SIGTERM to every process at once ends all of it within 25 s, cleanly; what had been
    accepted is done by the release that goes on."""
    old = heroku.beside()
    try:
        client = old.start()
        # Both of them: while it still loads, a worker has nothing to drain and just ends.
        wait_for(lambda: _workers(composed_redis) == 2, 60, "two workers")
        accepted = [client.predict(f"stop-{n}", prefer="respond-async") for n in range(20)]
        began = time.monotonic()
        ended = old.stop()
        took = time.monotonic() - began
    finally:
        old.stop()
    assert ended == {"web": 0, "worker": 0}
    assert took < 25
    for answer in accepted:
        assert answer.status == 202
        assert web.ended(answer.json["job_id"], 60)["status"] == "succeeded"


def _workers(client: redis.Redis) -> int:
    """How many say that they are alive, of whatever deployment."""
    return sum(len(client.zrange(key, 0, -1)) for key in client.keys("queuecast.heartbeats.*"))
