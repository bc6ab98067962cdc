"""A process of the version before: Python imports this at its start, when its folder and the
checkout are on PYTHONPATH. It knows no updates but those that are jobs, and does not say so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from api.redis_watch import RedisWatch
from shared.queue import broker, messages
from shared.queue.messages import Request
from worker import labelling

messages.WIRE_VERSION -= 1
_group = messages.Group.to_text


def _without_numbers(self: messages.Group) -> str:
    wire: dict[str, Any] = json.loads(_group(self))
    return json.dumps({**wire, "requests": [one[:6] for one in wire["requests"]]})


def _jobs_only(
    connection: Connection,
    requests: Sequence[Request],
    reply_to: str | None,
    classes: Sequence[Any],
) -> list[labelling.Ended]:
    keys = list({r.observation_id.key for r in requests})
    return labelling.apply(connection, keys, classes)


messages.Group.to_text = _without_numbers  # type: ignore[method-assign]
broker.heartbeat = lambda worker, model_version: f"{worker} {model_version}"
labelling.apply_group = _jobs_only
RedisWatch.workers_know_numbers = property(lambda _: False)  # type: ignore[assignment]
