"""Celery's messages as they lie on Redis, made by hand: what our own code would never send."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from shared.queue.messages import TASK_OF_KIND, Group, Kind, Lane, Request


def group(*requests: Request) -> str:
    """A group as our code writes it, which nobody waits for."""
    return Group(str(uuid.uuid4()), None, requests).to_text()


def changed(text: str, **values: Any) -> str:
    """A group with some of its values replaced."""
    return json.dumps(json.loads(text) | values)


def message(kind: Kind, lane: Lane, wire: object) -> str:
    """A task of ours with any argument."""
    return envelope(TASK_OF_KIND[kind], lane, json.dumps([[wire], {}, {}]).encode())


def envelope(task: str, lane: Lane, body: bytes, content_type: str = "application/json") -> str:
    """What kombu puts on a list: the body, and beside it everything that is said of it."""
    task_id = str(uuid.uuid4())
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "binary" if "python" in content_type else "utf-8",
            "content-type": content_type,
            "headers": {
                "lang": "py", "task": task, "id": task_id, "root_id": task_id,
                "parent_id": None, "group": None, "retries": 0, "eta": None, "expires": None,
                "timelimit": [None, None], "argsrepr": "()", "kwargsrepr": "{}",
                "origin": "faults", "ignore_result": True,
            },
            "properties": {
                "correlation_id": task_id, "reply_to": str(uuid.uuid4()), "delivery_mode": 2,
                "delivery_info": {"exchange": lane, "routing_key": lane}, "priority": 0,
                "body_encoding": "base64", "delivery_tag": str(uuid.uuid4()),
            },
        }
    )  # fmt: skip
