"""POST /predict, POST /update, GET /list-db-contents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from api.gateway import Gateway
from api.http import preferences, request_bodies
from api.http.query_arguments import whole_number
from api.http.responses import answer
from shared.db import predictions
from shared.observation_id import LARGEST_INTEGER
from shared.queue.messages import Kind, Outcome, Request, Status

PAGE = 500
RETRY_AFTER = "1"


def routes(gateway: Gateway) -> Blueprint:
    """The routes on predictions."""
    blueprint = Blueprint("predictions", __name__)

    @blueprint.post("/predict")
    def predict() -> Response:
        asked = request_bodies.read(Kind.PREDICT)
        preference = preferences.parse(request.headers.getlist("Prefer"))
        return respond(asked, gateway.predict(asked, preference))

    @blueprint.post("/update")
    def update() -> Response:
        asked = request_bodies.read(Kind.UPDATE)
        preference = preferences.parse(request.headers.getlist("Prefer"))
        return respond(asked, gateway.update(asked, preference))

    @blueprint.get("/list-db-contents")
    def list_db_contents() -> Response:
        after = whole_number("after", -LARGEST_INTEGER - 1, default=0)
        limit = whole_number("limit", 0, default=LARGEST_INTEGER)
        # The first page is read before the status line is sent, so that a fault can still be one.
        first = _page(gateway, after, min(limit, PAGE))
        return Response(_rows(gateway, first, limit), mimetype="application/json")

    return blueprint


def respond(asked: Request, outcome: Outcome | None) -> Response:
    """The response to a request that has its outcome, or is a job now."""
    if outcome is not None:
        headers = {"Retry-After": "2"} if outcome.status_code == 503 else None
        return answer(outcome.body, outcome.status_code, headers)
    headers = {
        "Location": f"/jobs/{asked.request_id}",
        "Preference-Applied": "respond-async",
        "Retry-After": RETRY_AFTER,
    }
    return answer({"job_id": asked.request_id, "status": Status.QUEUED}, 202, headers)


def _page(gateway: Gateway, after: int, limit: int) -> list[dict[str, Any]]:
    return gateway.database.read(lambda connection: predictions.page(connection, after, limit))


def _rows(gateway: Gateway, page: list[dict[str, Any]], limit: int) -> Iterator[str]:
    """The array, a page at a time, so that memory does not grow with the table."""
    yield "["
    separator = ""
    while page:
        yield separator + ",\n".join(json.dumps(row) for row in page)
        separator = ",\n"
        limit -= len(page)
        full = len(page) == PAGE
        page = _page(gateway, page[-1]["id"], min(limit, PAGE)) if full and limit > 0 else []
    yield "]\n"
