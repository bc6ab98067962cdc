"""/batches as the document has it. Pure."""

from __future__ import annotations

from typing import Any

from api.openapi.references import schema
from api.openapi.responses import json_content, responses, succeeded
from shared.observation_id import LARGEST_INTEGER

_LINES = {
    "application/x-ndjson": {"schema": {
        "type": "string",
        "description": "On each line what `/predict`, or `/update`, takes.",
    }, "example": '{"id": "a", "observation": {}}\n'},
    "text/csv": {"schema": {
        "type": "string",
        "description": "A header with `id` and the model's columns, or `id,true_class`. Only an "
        "empty field is a null.",
    }},
}  # fmt: skip
_PART = {"application/partial-upload": {"schema": {"type": "string"}}, **_LINES}
_BOOLEAN = {"type": "string", "enum": ["?0", "?1"]}
_OFFSET = {"Upload-Offset": {
    "description": "The bytes that are committed.", "schema": {"type": "string"},
}, "Upload-Complete": {
    "description": "Whether the whole file has come.", "schema": _BOOLEAN,
}}  # fmt: skip
_LOCATION = {"Location": {
    "description": "Where to ask for the batch.", "schema": {"type": "string"},
}, **_OFFSET}  # fmt: skip


def paths(asks_for_key: bool) -> dict[str, Any]:
    """The operations on batches."""
    accepted = json_content({
        "type": "object", "required": ["batch_id", "status"],
        "properties": {"batch_id": {"type": "string"}, "status": {"type": "string"}},
    })  # fmt: skip
    batch = {
        "name": "batch_id", "in": "path", "required": True,
        "description": "As the 201 or 202 named it.", "schema": {"type": "string"},
    }  # fmt: skip
    complete = {
        "name": "Upload-Complete", "in": "header", "schema": _BOOLEAN,
        "description": "Whether the file ends with this request.",
    }  # fmt: skip
    offset = {
        "name": "Upload-Offset", "in": "header", "required": True,
        "description": "At which byte of the file this part begins.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
    }  # fmt: skip
    form = _argument("format", {"enum": ["ndjson", "csv"], "default": "ndjson"},
                     "How the rows are written.")  # fmt: skip
    return {
        "/batches": {
            "get": {
                "operationId": "listBatches", "tags": ["batches"],
                "summary": "The latest batches",
                "parameters": [
                    _argument("name", _ANY_TEXT, "Those of this name."),
                    _argument("digest", _ANY_TEXT, "Those of this digest."),
                    _argument("limit", _LIMIT, "At most so many, and 1,000."),
                ],
                "responses": responses(
                    {"200": succeeded("The batches, the last first.", json_content(
                        {"type": "array", "items": schema("Batch")}
                    ))},
                    "422", asks_for_key=asks_for_key,
                ),
            },
            "post": {
                "operationId": "beginBatch", "tags": ["batches"],
                "summary": "Send a file of observations, or of labels",
                "description": "Plain or with `Content-Encoding: gzip`. With `Upload-Complete: ?0` "
                "more parts follow, by PATCH.",
                "parameters": [
                    _argument("kind", {"enum": ["predict", "update"], "default": "predict"},
                              "What the file holds."),
                    _argument("name", _TEXT, "What it is called."),
                    _argument("digest", _TEXT, "A mark of its content, to find it again."),
                    complete,
                ],
                "requestBody": {"required": True, "content": _LINES},
                "responses": responses(
                    {
                        "201": succeeded("The first part is committed.", accepted, _LOCATION),
                        "202": succeeded("All of it is committed.", accepted, _LOCATION),
                    },
                    "409", asks_for_key=asks_for_key, takes_body=True,
                ),
            },
        },
        "/batches/{batch_id}": {
            "parameters": [batch],
            "get": {
                "operationId": "findBatch", "tags": ["batches"],
                "summary": "How far is a batch?",
                "description": "`read` is `queued + succeeded + duplicate + rejected` at every "
                "moment. HEAD says in `Upload-Offset` how far it was received.",
                "responses": responses(
                    {"200": succeeded("The batch.", json_content(schema("Batch")))},
                    "404", "410", asks_for_key=asks_for_key,
                ),
            },
            "patch": {
                "operationId": "goOnWithBatch", "tags": ["batches"],
                "summary": "Send the next part of a file",
                "parameters": [offset, complete],
                "requestBody": {"required": True, "content": _PART},
                "responses": responses(
                    {
                        "200": succeeded("The part is committed.", accepted, _LOCATION),
                        "202": succeeded("All of it is committed.", accepted, _LOCATION),
                    },
                    "404", "409", "410", asks_for_key=asks_for_key, takes_body=True,
                ),
            },
            "delete": {
                "operationId": "cancelBatch", "tags": ["batches"],
                "summary": "Cancel a batch",
                "description": "What is not scored yet never is, and its ids are free.",
                "responses": responses(
                    {"200": succeeded("The batch, cancelled.", json_content(schema("Batch")))},
                    "404", "409", "410", "504", asks_for_key=asks_for_key,
                ),
            },
        },
        "/batches/{batch_id}/results": {
            "parameters": [batch],
            "get": {
                "operationId": "batchResults", "tags": ["batches"],
                "summary": "The answers of a batch, in the order of its file",
                "parameters": [form],
                "responses": responses(
                    {"200": succeeded("The rows that have ended.", {
                        "application/x-ndjson": {"schema": {"type": "string"}},
                        "text/csv": {"schema": {"type": "string"}},
                    })},
                    "404", "410", "422", asks_for_key=asks_for_key,
                ),
            },
        },
        "/batches/{batch_id}/rejects": {
            "parameters": [batch],
            "get": {
                "operationId": "batchRejects", "tags": ["batches"],
                "summary": "The lines of a batch that were refused, and why",
                "responses": responses(
                    {"200": succeeded("The lines.", {
                        "application/x-ndjson": {"schema": {"type": "string"}},
                    })},
                    "404", "410", asks_for_key=asks_for_key,
                ),
            },
        },
    }  # fmt: skip


_ANY_TEXT = {"type": "string", "pattern": r"^[^\x00]*$"}
_TEXT = {**_ANY_TEXT, "maxLength": 500}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER, "default": 100}


def _argument(name: str, of: dict[str, Any], told: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": told, "schema": of}
