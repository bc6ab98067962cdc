"""/batches: files of observations, or of labels, in one request or in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from api.gateway import Gateway
from api.http import query_arguments, row_formats, uploads
from api.http.http_request import HttpRequest
from api.http.responses import Answer, answer, for_flask, problem
from api.http.routing import Route
from api.routes.batch_answers import as_seen
from api.routes.batch_rows import results_as
from shared.db import batch_results, batches
from shared.db.batches import RECEIVING, Upload
from shared.db.cleared_jobs import among_cleared
from shared.errors import (
    BrokenUploadError,
    ClearedBatchError,
    ClientFaultError,
    EndedBatchError,
    MovedUploadError,
    QueuecastError,
    UnknownBatchError,
    WrongShapeError,
)
from shared.queue.messages import Kind, Status, new_request_id

_BATCH_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_LONGEST_NAME = 500
_MOST_SHOWN = 1000


def routes(gateway: Gateway) -> list[Route]:
    """The routes that take files in, and say how far they have come."""

    async def begin(asked: HttpRequest) -> Answer:
        upload = _new_upload(gateway, asked)
        complete = uploads.is_complete(asked.headers)
        return await take(asked, upload, complete is not False)

    async def go_on(asked: HttpRequest) -> Answer:
        complete = uploads.is_complete(asked.headers)
        if complete is None:
            complete = False
        offset = uploads.offset(asked.headers)
        upload = await find(asked)
        uploads.check_part(asked.headers, upload.format)
        if upload.status != RECEIVING or upload.place.offset != offset:
            return _answer_moved(batches.moved(upload))
        return await take(asked, upload, complete)

    async def take(asked: HttpRequest, upload: Upload, complete: bool) -> Answer:
        is_gzip = uploads.is_gzip(asked.headers)
        gateway.database_watch.refuse_writing()
        parts = asked.parts
        if parts is None:
            raise TypeError(f"{asked.path} does not stream its body")
        try:
            taken = await gateway.uploads.take(upload, parts, is_gzip, complete)
        except MovedUploadError as error:
            return _answer_moved(error)
        except BrokenUploadError as error:
            return _answer_broken(asked, error)
        place = {"batch_id": taken.batch_id, "status": RECEIVING}
        headers = {
            "Location": f"{asked.prefix}/batches/{taken.batch_id}",
            "Upload-Offset": str(taken.place.offset),
            "Upload-Complete": uploads.complete_field(taken.is_complete),
        }
        if complete:
            return answer({**place, "status": Status.QUEUED}, 202, headers)
        return answer(place, 201 if asked.method == "POST" else 200, headers)

    async def how_far(asked: HttpRequest) -> Answer:
        upload = await find(asked)
        headers = {
            "Upload-Offset": str(upload.place.offset),
            "Upload-Complete": uploads.complete_field(upload.is_complete),
            "Cache-Control": "no-store",
        }
        return answer({}, 200, headers)

    async def find(asked: HttpRequest) -> Upload:
        gateway.database_watch.refuse_reading()
        batch_id = _known(asked.arguments["batch_id"])
        found = await gateway.uploads.find(batch_id)
        if found is None:
            # As a job, a batch is deleted and remembered with one commit.
            raise _not_there(batch_id, await gateway.was_cleared(batch_id))
        return found

    return [
        Route("POST", "/batches", begin, streams_body=True),
        Route("PATCH", "/batches/<batch_id>", go_on, streams_body=True),
        Route("HEAD", "/batches/<batch_id>", how_far),
    ]


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes that show batches, and cancel them."""
    found = Blueprint("batches", __name__)
    database = gateway.database

    def seen(batch_id: str) -> dict[str, Any]:
        row = database.read(lambda c: batches.shown_batch(c, batch_id))
        if row is None:
            cleared = database.read(lambda c: among_cleared(c, [batch_id]))
            raise _not_there(batch_id, bool(cleared))
        return as_seen(row)

    @found.get("/batches")
    def latest() -> Response:
        query = request.query_string
        query_arguments.refuse_unknown(query, ("name", "digest", "limit"))
        name, digest = (query_arguments.text(query, part) for part in ("name", "digest"))
        limit = min(_MOST_SHOWN, query_arguments.whole_number(query, "limit", 1, default=100))
        rows = database.read(lambda c: batches.latest(c, limit, name, digest))
        return for_flask(answer([as_seen(row) for row in rows]))

    @found.get("/batches/<batch_id>")
    def one(batch_id: str) -> Response:
        return for_flask(answer(seen(_known(batch_id))))

    @found.delete("/batches/<batch_id>")
    def cancel(batch_id: str) -> Response:
        batch_id = _known(batch_id)
        seen(batch_id)
        status = database.write(lambda c: batches.cancel(c, batch_id))
        if status != Status.CANCELLED:
            raise EndedBatchError(f"batch {batch_id} is {status}, so it cannot be cancelled")
        return for_flask(answer(seen(batch_id)))

    @found.get("/batches/<batch_id>/results")
    def results(batch_id: str) -> Response:
        query = request.query_string
        query_arguments.refuse_unknown(query, ("format",))
        form = query_arguments.choice(query, "format", ("ndjson", "csv")) or "ndjson"
        batch_id = _known(batch_id)
        kind = seen(batch_id)["kind"]
        content_type, text = results_as(form, Kind(kind), batch_results.pages(database, batch_id))
        return Response(_begun(text), content_type=content_type)

    @found.get("/batches/<batch_id>/rejects")
    def rejects(batch_id: str) -> Response:
        batch_id = _known(batch_id)
        seen(batch_id)
        pages = batch_results.rejects(database, batch_id)
        return Response(_begun(row_formats.ndjson(pages)), content_type="application/x-ndjson")

    return found


def _begun(text: Iterator[str]) -> Iterator[str]:
    """The same text. Its beginning is made at once, so that a fault can still be an error."""
    first = next(text, "")

    def whole() -> Iterator[str]:
        yield first
        yield from text

    return whole()


def _new_upload(gateway: Gateway, asked: HttpRequest) -> Upload:
    query = asked.query
    query_arguments.refuse_unknown(query, ("kind", "name", "digest"))
    kind = Kind(query_arguments.choice(query, "kind", [*Kind]) or Kind.PREDICT)
    name, digest = (_named(gateway, query, part) for part in ("name", "digest"))
    return Upload(new_request_id(), kind, uploads.format_of(asked.headers), name, digest)


def _named(gateway: Gateway, query: bytes, part: str) -> str | None:
    text = query_arguments.text(query, part)
    if text is None:
        return None
    gateway.database_watch.encoding.check(part, text)
    if len(text) > _LONGEST_NAME:
        raise WrongShapeError(f"{part} may have {_LONGEST_NAME} characters, and not {len(text)}")
    return text


def _known(batch_id: str) -> str:
    """An id that a batch may have."""
    if not _BATCH_ID.fullmatch(batch_id.lower()):
        raise _not_there(batch_id, was_cleared=False)
    return batch_id.lower()


def _not_there(batch_id: str, was_cleared: bool) -> ClientFaultError:
    if was_cleared:
        return ClearedBatchError(f"batch {batch_id} ended, and was cleared away since")
    return UnknownBatchError(f"there is no batch {batch_id[:64]!r}")


def _answer_moved(error: MovedUploadError) -> Answer:
    headers = {
        "Upload-Offset": str(error.offset),
        "Upload-Complete": uploads.complete_field(error.is_complete),
    }
    return answer({"error": str(error)}, error.status, headers)


def _answer_broken(asked: HttpRequest, error: BrokenUploadError) -> Answer:
    """What went wrong, and from where the batch can be gone on with."""
    cause: QueuecastError = error.cause
    found = problem(cause)
    headers = dict(found.headers)
    headers.pop(b"content-type", None)
    named = {name.decode(): value.decode("latin-1") for name, value in headers.items()}
    named |= {
        "Location": f"{asked.prefix}/batches/{error.batch_id}",
        "Upload-Offset": str(error.offset),
        "Upload-Complete": "?0",
    }
    body = {"error": str(error), "batch_id": error.batch_id}
    return answer(body, cause.status, named)
