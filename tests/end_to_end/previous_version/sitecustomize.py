"""A process of the version before: Python imports this at its start, when its folder and the
checkout are on PYTHONPATH. To it every update is a job from the start; others are passed over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from api.gateway import Gateway
from api.http.preferences import Preference
from shared.queue import messages
from shared.queue.messages import Kind, Lane, Outcome, Request
from worker import labelling
from worker.model.answering import Answering

messages.WIRE_VERSION -= 1
_group, _ask = messages.Group.to_text, Gateway.ask


def _without_numbers(self: messages.Group) -> str:
    wire: dict[str, Any] = json.loads(_group(self))
    return json.dumps({**wire, "requests": [one[:6] for one in wire["requests"]]})


def _jobs_only(
    connection: Connection,
    requests: Sequence[Request],
    reply_to: str | None,
    answering: Answering,
) -> list[labelling.Ended]:
    keys = list({r.observation_id.key for r in requests})
    return labelling.apply(connection, keys, answering)


async def _promise_updates(
    self: Gateway, request: Request, preference: Preference
) -> Outcome | None:
    wait = preference.seconds(self.settings.sync_wait, self.settings.sync_wait_max)
    if request.kind is not Kind.UPDATE or wait <= 0:
        return await _ask(self, request, preference)
    waiter = self.pending.enter(request.request_id)
    await self._outbox.accept(request, Lane.INTERACTIVE)
    return await waiter.wait(wait)


messages.Group.to_text = _without_numbers  # type: ignore[method-assign]
labelling.apply_group = _jobs_only
Gateway.ask = _promise_updates  # type: ignore[method-assign]
