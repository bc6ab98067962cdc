"""GET /healthz: this process is up. GET /readyz: everything that it needs answers.

Both are answered from what the watches saw last, at most two seconds ago: they wait for nothing,
so that they are answered whatever else waits.
"""

from __future__ import annotations

from api.gateway import Gateway
from api.http.http_request import HttpRequest
from api.http.responses import Answer, answer
from api.http.routing import Route
from shared.queue.messages import Lane

READY = "ready"


def routes(gateway: Gateway) -> list[Route]:
    """The routes on health; they need no key."""

    async def healthz(_: HttpRequest) -> Answer:
        return answer({"status": "up"})

    async def readyz(_: HttpRequest) -> Answer:
        states = {
            "database": _database(gateway),
            "redis": _redis(gateway),
            "worker": _worker(gateway),
        }
        missing = [name for name, state in states.items() if state != READY]
        if missing:
            error = f"not ready: {', '.join(missing)}"
            headers = {"Retry-After": "1"}
            return answer({"status": "not ready", **states, "error": error}, 503, headers)
        return answer({"status": READY, **states})

    return [
        Route(method, path, handler, open_to_all=True, beyond_the_bound=True)
        for path, handler in (("/healthz", healthz), ("/readyz", readyz))
        for method in ("GET", "HEAD")
    ]


def _database(gateway: Gateway) -> str:
    trouble = gateway.database_watch.trouble
    return READY if trouble is None else str(trouble)


def _redis(gateway: Gateway) -> str:
    return gateway.redis_watch.away or READY


def _worker(gateway: Gateway) -> str:
    if gateway.redis_watch.away:
        return f"{gateway.redis_watch.away}, so no worker can be seen"
    workers = gateway.redis_watch.queue.workers
    if any(Lane.INTERACTIVE in worker.lanes for worker in workers):
        return READY
    if workers:
        return "no worker takes interactive requests, for WORKER_LANES of each leaves them out"
    return "no worker with a loaded model answers"
