"""A process of the next version: Python imports this at its start, when its folder and the checkout
are on PYTHONPATH. Its messages have another version, and more in them than ours."""

from __future__ import annotations

import json
from typing import Any

from shared.queue import messages
from shared.queue.broker import Broker

messages.WIRE_VERSION += 1


def _with_more(text: str) -> str:
    wire: dict[str, Any] = json.loads(text)
    for name in ("requests", "outcomes"):
        if name in wire:
            wire[name] = [[*one, {"added": [1]}] for one in wire[name]]
    return json.dumps({**wire, "added": None})


_group, _reply, _beat = messages.Group.to_text, messages.Reply.to_text, Broker.beat


def _beat_with_more(self: Broker, worker: str, model_version: str, seconds: int) -> None:
    _beat(self, worker, f"{model_version} more", seconds)


messages.Group.to_text = lambda self: _with_more(_group(self))  # type: ignore[method-assign]
messages.Reply.to_text = lambda self: _with_more(_reply(self))  # type: ignore[method-assign]
Broker.beat = _beat_with_more  # type: ignore[method-assign]
