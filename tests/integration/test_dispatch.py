"""`api.dispatch` on a real Redis: what leaves for the workers, and what does not."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis

from api.acceptance.database_threads import DatabaseThreads
from api.dispatch import Awaited, Dispatch
from api.grouping.loop_broker import LoopBroker
from api.grouping.pending import Pending
from api.redis_watch import RedisWatch
from local.redis_server import RedisServer
from shared.db.engine import connect
from shared.db.migrate import migrate
from shared.observation_id import ObservationId
from shared.queue.messages import Group, Kind, Lane, Request
from shared.queue.names import Names
from shared.settings import Settings
from tests.system import wait_for

NAMES = Names("test-dispatch")


def update(name: str) -> Request:
    return Request(name, Kind.UPDATE, ObservationId(name, True), '{"id": "a", "true_class": 1}')


async def nobody(_: Sequence[Request]) -> None:
    raise AssertionError("no worker has replied")


def test_an_update_whose_wait_ends_before_it_has_a_number(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """It never leaves, as it becomes a job of another number. One whose client waits does leave."""
    settings = Settings.from_environment(
        {"DATABASE_URL": f"sqlite:///{tmp_path}/file.db", "REDIS_URL": redis_server.url}
    )
    database = connect(settings.database_url, connections=1, wait=10.0)
    migrate(database)
    client = redis.Redis.from_url(redis_server.url)
    held, go = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        held.set()
        assert go.wait(10)

    async def run() -> Awaited:
        threads, pending = DatabaseThreads(database, 1), Pending(asyncio.get_running_loop())
        broker = LoopBroker(settings, 5.0, lambda: NAMES)
        watch = RedisWatch(broker, pending)
        dispatch = Dispatch(settings, "channel", broker, watch, pending, threads, nobody)
        # The only thread is busy, so that no number is drawn.
        holding = asyncio.create_task(threads.read(hold))
        await asyncio.to_thread(held.wait, 10)
        left = await dispatch.wait_for(update("left"), 0.05)
        staying = asyncio.create_task(dispatch.wait_for(update("stays"), 10))
        await asyncio.sleep(0)
        go.set()
        await holding
        await asyncio.to_thread(
            wait_for, lambda: "stays" in _sent_by(client), 10, "the other one leaves"
        )
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)
        await dispatch.close()
        await broker.close()
        return left

    try:
        left = asyncio.run(run())
        assert (left.outcome, left.is_out, left.number) == (None, False, None)
        assert _sent_by(client) == ["stays"]
    finally:
        client.delete(NAMES.queue(Lane.INTERACTIVE))
        client.close()
        database.close()


def _sent_by(client: redis.Redis) -> list[str]:
    """The names of the requests that wait on the interactive lane."""
    messages: Any = client.lrange(NAMES.queue(Lane.INTERACTIVE), 0, -1)
    groups = [json.loads(b64decode(json.loads(one)["body"]))[0][0] for one in messages]
    return [r.request_id for text in groups for r in Group.from_text(text).requests]
