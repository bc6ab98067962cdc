"""`celery_message` against Celery itself: what it would write, and what its workers can read."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import redis
from celery import Celery
from kombu import Queue

from shared.queue.celery_message import celery_message

QUEUE = "queuecast.interactive"
TASK = "queuecast.predict"
# Names of a process and of a message, which differ each time; and texts for logs.
_OWN = {"origin", "argsrepr", "kwargsrepr", "delivery_tag", "reply_to"}


def _flat(message: dict[str, Any]) -> dict[str, Any]:
    rest = {k: v for k, v in message.items() if k not in ("headers", "properties", "body")}
    parts = {**message["headers"], **message["properties"], **rest}
    return {k: v for k, v in parts.items() if k not in _OWN}


def test_as_celery_writes_it(new_redis_url: Callable[[], str]) -> None:
    """Key by key and value by value the message that the installed Celery sends."""
    url = new_redis_url()
    app = Celery(broker=url, set_as_current=False)
    app.conf.update(
        task_queues=[Queue(QUEUE)], task_default_queue=QUEUE, task_ignore_result=True,
        broker_transport_options={"priority_steps": [0]},
    )  # fmt: skip
    app.send_task(TASK, ("text",), queue=QUEUE, task_id="one", ignore_result=True)
    client = redis.Redis.from_url(url)
    sent: Any = client.rpop(QUEUE)
    client.close()
    app.close()
    theirs, ours = json.loads(sent), json.loads(celery_message(TASK, "text", QUEUE, "one"))
    assert _flat(ours) == _flat(theirs)
    assert b64decode(ours["body"]) == b64decode(theirs["body"])
    for part in ("headers", "properties"):
        assert set(ours[part]) == set(theirs[part])
