"""What tells of the service, as the document has it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.openapi.references import schema
from api.openapi.responses import json_content, responses, succeeded


def paths(page_files: Sequence[str], asks_for_key: bool) -> dict[str, Any]:
    """GET /openapi.json, /healthz, /readyz, and the page with its files of these names."""
    ready = succeeded("Everything answers.", json_content(schema("Ready")))
    not_ready = {
        **succeeded("What does not answer, by name.", json_content(schema("NotReady"))),
        "headers": {
            name: {"$ref": f"#/components/headers/{name}"}
            for name in ("Retry-After", "X-Request-Id")
        },
    }
    document = {"type": "object", "required": ["openapi", "info", "paths"]}
    return {
        "/openapi.json": {"get": {
            "operationId": "openapi",
            "tags": ["about"],
            "summary": "This document",
            "responses": responses(
                {"200": succeeded("OpenAPI 3.1.", json_content(document))},
                asks_for_key=asks_for_key,
            ),
        }},
        "/healthz": {"get": _open(
            "healthz", "Is the process up?",
            {"200": succeeded("It is.", json_content(schema("Up")))},
        )},
        "/readyz": {"get": _open(
            "readyz", "Do the database, Redis and a worker with a loaded model answer?",
            {"200": ready, "503": not_ready},
        )},
        "/docs": {"get": _open(
            "docs", "A page to try it on",
            {"200": succeeded("The page.", _text("text/html"))},
        )},
        "/docs/{file}": {"get": {
            **_open("docsFile", "A file of that page", {}),
            "parameters": [{
                "name": "file", "in": "path", "required": True,
                "schema": {"enum": list(page_files)},
            }],
            # What is no file of the page asks for the key like everything else.
            "responses": responses(
                {"200": succeeded(
                    "The file.", _text("text/css", "text/javascript", "image/svg+xml")
                )},
                "404", asks_for_key=asks_for_key,
            ),
        }},
    }  # fmt: skip


def _open(name: str, summary: str, answered: dict[str, Any]) -> dict[str, Any]:
    """An operation that needs no key."""
    return {
        "operationId": name,
        "tags": ["about"],
        "summary": summary,
        "security": [],
        "responses": responses(answered, asks_for_key=False),
    }


def _text(*kinds: str) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string"}} for kind in kinds}
