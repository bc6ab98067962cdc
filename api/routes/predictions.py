"""POST /predict, POST /update, GET /list-db-contents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterator
from typing import Any

from flask import Blueprint, Response, request

from api.gateway import Gateway
from api.http.byte_budget import SMALL
from api.http.http_request import HttpRequest
from api.http.preferences import NONE, Preference, parse
from api.http.query_arguments import whole_number
from api.http.request_bodies import understand
from api.http.responses import Answer, answer
from api.http.routing import Route
from shared.db import listing
from shared.errors import UnknownOutcomeError
from shared.observation_id import LARGEST_INTEGER
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


def blueprint(gateway: Gateway) -> Blueprint:
    """The route that reads predictions."""
    found = Blueprint("predictions", __name__)

    @found.get("/list-db-contents")
    def list_db_contents() -> Response:
        after = whole_number(request.query_string, "after", -LARGEST_INTEGER - 1, default=0)
        limit = whole_number(request.query_string, "limit", 0, default=LARGEST_INTEGER)
        until = listing.settled_until(gateway.database)
        # The first page is read before the status line is sent, so that a fault can still be one.
        first = _page(gateway, after, until, limit)
        return Response(_rows(gateway, first, until, limit), mimetype="application/json")

    return found


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


def _page(gateway: Gateway, after: int, until: int, limit: int) -> list[dict[str, Any]]:
    if after >= until or limit <= 0:
        return []
    return gateway.database.read(lambda connection: listing.page(connection, after, until, limit))


def _rows(gateway: Gateway, page: list[dict[str, Any]], until: int, limit: int) -> Iterator[str]:
    """The array, a page at a time, so that memory does not grow with the table."""
    yield "["
    separator = ""
    while page:
        yield separator + ",\n".join(json.dumps(row) for row in page)
        separator = ",\n"
        limit -= len(page)
        page = _page(gateway, page[-1]["id"], until, limit)
    yield "]\n"
