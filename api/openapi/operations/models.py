"""GET /model and POST /model/reload as the document has them. Pure."""

from __future__ import annotations

from typing import Any

from api.openapi.references import header, schema
from api.openapi.responses import json_content, responses, succeeded


def paths(asks_for_key: bool) -> dict[str, Any]:
    """The operations on the model that is served."""
    return {
        "/model": {"get": {
            "operationId": "model",
            "tags": ["model"],
            "summary": "The model that the workers serve",
            "description": "503 when no worker does.",
            "responses": responses(
                {"200": succeeded("The model.", json_content(schema("Model")))},
                asks_for_key=asks_for_key,
            ),
        }},
        "/model/reload": {"post": {
            "operationId": "reloadModel",
            "tags": ["model"],
            "summary": "Let every worker take up what its folder holds now",
            "description": (
                "Each tries the new model beside the one that it serves, and changes without a "
                "gap; what cannot be served changes nothing."
            ),
            "responses": _progress(asks_for_key),
        }},
        "/model/reload/{reload_id}": {"get": {
            "operationId": "findReload",
            "tags": ["model"],
            "summary": "How far are the workers with that?",
            "parameters": [{
                "name": "reload_id", "in": "path", "required": True,
                "description": "As the 202 named it; kept for ten minutes.",
                "schema": {"type": "string"},
            }],
            "responses": _progress(asks_for_key, "404"),
        }},
    }  # fmt: skip


def _progress(asks_for_key: bool, *errors: str) -> dict[str, Any]:
    failed = {"anyOf": [schema("ReloadFailed"), schema("Error")]}
    location = {name: header(name) for name in ("Location", "Retry-After")}
    return responses(
        {
            "200": succeeded("Each serves the new model.", json_content(schema("Reload"))),
            "202": succeeded(
                "Some are not done: ask again at `Location`.",
                json_content(schema("Reload")),
                location,
                links={
                    "findReload": {
                        "operationId": "findReload",
                        "parameters": {"reload_id": "$response.body#/reload_id"},
                    }
                },
            ),
            "500": succeeded(
                "Some go on with the model of before, and say why; or a fault of ours.",
                json_content(failed),
            ),
        },
        *errors,
        asks_for_key=asks_for_key,
    )
