"""GET /model: the model that the workers serve, as they describe it. POST /model/reload: they take
it up anew from their folders."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from api.gateway import Gateway
from api.http.http_request import HttpRequest
from api.http.responses import Answer, answer
from api.http.routing import Route
from api.reloads import Reload
from shared.errors import BusyError
from shared.queue.reloads import ReloadState

# How long a client waits before it gets a 202 and asks again, in seconds: less than proxies allow.
RELOAD_WAIT = 20.0
LOOK_EVERY = 0.1


def routes(gateway: Gateway) -> list[Route]:
    """The route on the model."""

    async def model(_: HttpRequest) -> Answer:
        served = await gateway.models()
        if not served:
            raise BusyError("no worker with a loaded model answers")
        version, workers, described = served[0]
        return answer(
            {
                "version": version,
                **described.get("details", {}),
                "example": described.get("example"),
                "workers": workers,
                # Workers of two versions may run beside each other.
                "versions": [{"version": each, "workers": count} for each, count, _ in served],
            }
        )

    async def reload(request: HttpRequest) -> Answer:
        reload_id = await gateway.reloads.ask()
        until = time.monotonic() + RELOAD_WAIT
        while True:
            await asyncio.sleep(LOOK_EVERY)
            found = await gateway.reloads.look(reload_id)
            # At first nobody may have been heard yet.
            done = found.workers and found.is_done
            if done or gateway.handing_back or time.monotonic() > until:
                return _reload_answer(found, request)

    async def reloading(request: HttpRequest) -> Answer:
        return _reload_answer(await gateway.reloads.look(request.arguments["reload_id"]), request)

    return [
        Route("GET", "/model", model),
        Route("POST", "/model/reload", reload),
        Route("GET", "/model/reload/<reload_id>", reloading),
    ]


def _reload_answer(found: Reload, request: HttpRequest) -> Answer:
    body: dict[str, Any] = {
        "reload_id": found.reload_id,
        "workers": [
            {
                "worker": outcome.worker,
                "status": outcome.state,
                "version": outcome.model_version,
                "reason": outcome.reason,
            }
            for outcome in found.workers
        ],
    }
    if not found.workers or not found.is_done:
        location = f"{request.prefix}/model/reload/{found.reload_id}"
        return answer(body, 202, {"Location": location, "Retry-After": "1"})
    if found.is_good:
        return answer(body)
    bad = [o for o in found.workers if o.state is not ReloadState.RELOADED]
    said = "; ".join(dict.fromkeys(f"{o.state}: {o.reason}" for o in bad))
    error = f"{len(bad)} of {len(found.workers)} workers did not take up the model: {said}"
    return answer({"error": error, **body}, 500)
