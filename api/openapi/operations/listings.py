"""GET /list-db-contents, GET /predictions as the document has them. Pure."""

from __future__ import annotations

from typing import Any

from api.openapi.references import schema
from api.openapi.responses import json_content, responses, succeeded
from shared.observation_id import LARGEST_INTEGER, SMALLEST_INTEGER

_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "pattern": r"^[^\x00]*$"}


def paths(asks_for_key: bool) -> dict[str, Any]:
    """The operations that list rows."""
    pages = [
        _number("after", SMALLEST_INTEGER, 0, "Only rows of a greater `id`."),
        _number("limit", 0, None, "At most so many rows.", example=10),
    ]
    rows = {
        "application/x-ndjson": {"schema": {
            "type": "string", "description": "A row on each line, as `Row` has it.",
        }},
        "text/csv": {"schema": {
            "type": "string",
            "description": "The same columns for every model. `observation` is the request's body; "
            "what is an array or an object is JSON. Only an empty field is a null.",
        }},
    }  # fmt: skip
    return {
        "/list-db-contents": {"get": {
            "operationId": "listPredictions",
            "tags": ["predictions"],
            "summary": "Everything that was predicted, and what really happened",
            "description": "Oldest first, streamed. Pages go by the row's `id`.",
            "parameters": pages,
            "responses": responses(
                {"200": succeeded(
                    "The rows.", json_content({"type": "array", "items": schema("Row")})
                )},
                "422", asks_for_key=asks_for_key,
            ),
        }},
        "/predictions": {"get": {
            "operationId": "exportPredictions",
            "tags": ["predictions"],
            "summary": "The rows that are asked for, for training and judging",
            "description": "Oldest first, streamed. Any argument that is not named here is a 422.",
            "parameters": [
                _argument("format", {"enum": ["ndjson", "csv"], "default": "ndjson"},
                          "How the rows are written."),
                _argument("since", _TIME, "Rows predicted from then on."),
                _argument("until", _TIME, "Rows predicted before then."),
                _argument("model_version", _TEXT, "Rows that this version answered."),
                _argument("labelled", {"type": "boolean"},
                          "Rows with a true class, or without one."),
                *pages,
            ],
            "responses": responses(
                {"200": succeeded("The rows.", rows)}, "422", asks_for_key=asks_for_key
            ),
        }},
    }  # fmt: skip


def _number(
    name: str, smallest: int, default: int | None, told: str, example: int | None = None
) -> dict[str, Any]:
    of: dict[str, Any] = {"type": "integer", "minimum": smallest, "maximum": LARGEST_INTEGER}
    if default is not None:
        of["default"] = default
    found = _argument(name, of, told)
    return found if example is None else {**found, "example": example}


def _argument(name: str, of: dict[str, Any], told: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": told, "schema": of}
