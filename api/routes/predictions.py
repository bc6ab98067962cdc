"""POST /predict, POST /update."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from api.gateway import Gateway
from api.http.byte_budget import SMALL
from api.http.http_request import HttpRequest
from api.http.preferences import NONE, Preference, parse
from api.http.request_bodies import understand
from api.http.responses import Answer, answer
from api.http.routing import Route
from shared.errors import UnknownOutcomeError
from shared.queue.messages import Kind, Outcome, Request, Status

RETRY_AFTER = "1"


def routes(gateway: Gateway) -> list[Route]:
    """The routes that wait for a worker."""
    # Reading a large body holds the loop for milliseconds, so only one is read at a turn.
    reading = asyncio.Lock()

    async def read(kind: Kind, asked: HttpRequest) -> Request:
        if len(asked.body) <= SMALL:
            return understand(kind, asked.body, asked.identity())
        async with reading:
            await asyncio.sleep(0)
            return understand(kind, asked.body, asked.identity())

    async def predict(asked: HttpRequest) -> Answer:
        preference = _preference(asked)
        wanted = await read(Kind.PREDICT, asked)
        return await _respond(asked, wanted, preference, gateway.ask(wanted, preference))

    async def update(asked: HttpRequest) -> Answer:
        preference = _preference(asked)
        wanted = await read(Kind.UPDATE, asked)
        return await _respond(asked, wanted, preference, gateway.ask(wanted, preference))

    return [
        Route("POST", "/predict", predict, takes_body=True),
        Route("POST", "/update", update, takes_body=True),
    ]


def _preference(asked: HttpRequest) -> Preference:
    return parse(asked.every(b"prefer")) if b"prefer" in asked.headers else NONE


async def _respond(
    asked: HttpRequest,
    wanted: Request,
    preference: Preference,
    doing: Awaitable[Outcome | None],
) -> Answer:
    """The answer to a request that has its outcome, or is a job now, or may be one."""
    job_id = wanted.request_id
    headers = {"Location": f"{asked.prefix}/jobs/{job_id}", "Retry-After": RETRY_AFTER}
    try:
        outcome = await doing
    except UnknownOutcomeError as error:
        if error.job_id is None:
            raise
        return answer({"error": str(error), "job_id": job_id}, error.status, headers)
    if outcome is not None:
        return answer(outcome.body, outcome.status_code)
    if preference.respond_async:
        headers["Preference-Applied"] = "respond-async"
    return answer({"job_id": job_id, "status": Status.QUEUED}, 202, headers)
