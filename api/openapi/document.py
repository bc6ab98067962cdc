"""The OpenAPI document of this service with the model that it serves (OpenAPI 3.1.1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.openapi.components import headers, parameters, schemas
from api.openapi.operations import about, batches, jobs, listings, models, predictions
from api.openapi.responses import component_responses
from api.openapi.served_model import ServedModel

OPENAPI = "3.1.1"
# As in pyproject.toml.
VERSION = "0.1.0"

_ANY_REQUEST = (
    'Every error is `{"error": "…"}` with a status that says whose fault it is. HEAD is '
    "answered wherever GET is, and OPTIONS everywhere, with `Allow`. A path is taken as it is sent."
)
_NO_MODEL = (
    "No worker with a loaded model answers now, so the fields of its observations are not known "
    "here: ask again when `/readyz` is ready."
)


@dataclass(frozen=True, slots=True)
class Service:
    """What the document says of a gateway beside its model. `sync_wait` and `sync_wait_max` are in
    seconds, `max_body` in bytes; `page_files` are the names of the page's files."""

    sync_wait: float
    sync_wait_max: float
    max_body: int
    asks_for_key: bool
    page_files: Sequence[str] = ()


def document(service: Service, model: ServedModel | None, prefix: str = "") -> dict[str, Any]:
    """The document. Without a model it is general, and says so; `prefix` is what a proxy takes from
    the front of each path."""
    keyed = service.asks_for_key
    told = (_of_model(model), _of_waiting(service), _ANY_REQUEST)
    security = {"type": "http", "scheme": "bearer", "description": "One of the keys in `API_KEY`."}
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Queuecast",
            "version": VERSION,
            "summary": _summary(model),
            "description": "\n\n".join(filter(None, told)),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": prefix or "/"}],
        "tags": [
            {"name": "predictions", "description": "Predict, label, list."},
            {"name": "jobs", "description": "What is answered later."},
            {"name": "batches", "description": "Files of observations, or of labels."},
            {"name": "model", "description": "What is served, and taking up another."},
            {"name": "about", "description": "This document, its page, health."},
        ],
        **({"security": [{"key": []}]} if keyed else {}),
        "paths": {
            **predictions.paths(model, keyed),
            **listings.paths(keyed),
            **jobs.paths(service.sync_wait_max, keyed),
            **batches.paths(keyed),
            **models.paths(keyed),
            **about.paths(service.page_files, keyed),
        },
        "components": {
            "schemas": schemas(model),
            "parameters": parameters(),
            "headers": headers(),
            "responses": component_responses(),
            **({"securitySchemes": {"key": security}} if keyed else {}),
        },
    }


def _summary(model: ServedModel | None) -> str:
    if model is None:
        return "No model is served now."
    return f"Model {model.name or 'without a name'}, version {model.version}."


def _of_model(model: ServedModel | None) -> str:
    if model is None:
        return _NO_MODEL
    told = []
    if model.kind:
        told.append(f"The model is a {model.kind}; `/model` says more of it.")
    if not model.columns:
        told.append("Its columns are not known here for the moment.")
    if model.others:
        told.append(
            f"Workers serve {model.others} other version{'s' if model.others > 1 else ''} beside "
            "it, of which this document says nothing: `/model` names them."
        )
    return " ".join(told)


def _of_waiting(service: Service) -> str:
    return (
        f"A request waits {service.sync_wait:g} s for its answer, or as long as `Prefer: wait=N` "
        f"says ({service.sync_wait_max:g} s at most), and then becomes a job. A body may have "
        f"{service.max_body:,} bytes."
    )
