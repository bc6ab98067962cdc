"""GET /list-db-contents, GET /predictions: rows, streamed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from flask import Blueprint, Response, request

from api.gateway import Gateway
from api.http import query_arguments
from api.http.query_arguments import whole_number
from api.http.row_formats import Row, csv, json_array, ndjson
from shared.db import listing
from shared.db.selection import EVERYTHING, Selection
from shared.observation_id import LARGEST_INTEGER

FORMATS: dict[str, tuple[str, Callable[[Iterable[list[Row]]], Iterator[str]]]] = {
    "ndjson": ("application/x-ndjson", ndjson),
    "csv": ("text/csv; charset=utf-8; header=present", csv),
}
ARGUMENTS = (
    "format", "since", "until", "model_version", "labelled", "after", "limit",
)  # fmt: skip


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes that read rows."""
    found = Blueprint("listings", __name__)

    @found.get("/list-db-contents")
    def list_db_contents() -> Response:
        pages = _pages(gateway, request.query_string, EVERYTHING)
        return Response(json_array(pages), mimetype="application/json")

    @found.get("/predictions")
    def predictions() -> Response:
        query = request.query_string
        # An argument that is misspelt would be taken for none, and other rows be exported.
        query_arguments.refuse_unknown(query, ARGUMENTS)
        content_type, written = FORMATS[
            query_arguments.choice(query, "format", tuple(FORMATS)) or "ndjson"
        ]
        pages = _pages(gateway, query, _selection(gateway, query))
        return Response(written(pages), content_type=content_type)

    return found


def _selection(gateway: Gateway, query: bytes) -> Selection:
    labelled = query_arguments.choice(query, "labelled", ("true", "false"))
    model_version = query_arguments.text(query, "model_version")
    if model_version is not None:
        gateway.database_watch.encoding.check("model_version", model_version)
    return Selection(
        query_arguments.moment(query, "since"),
        query_arguments.moment(query, "until"),
        model_version,
        None if labelled is None else labelled == "true",
    )


def _pages(gateway: Gateway, query: bytes, selection: Selection) -> Iterator[list[Row]]:
    after = whole_number(query, "after", -LARGEST_INTEGER - 1, default=0)
    limit = whole_number(query, "limit", 0, default=LARGEST_INTEGER)
    until = listing.settled_until(gateway.database)
    pages = listing.pages(gateway.database, after, until, limit, selection)
    # The first page is read before the status line is sent, so that a fault can still be one.
    return itertools.chain([next(pages, [])], pages)
