"""POST /predict, POST /update as the document has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.openapi.references import header, parameter, schema
from api.openapi.responses import json_content, responses, succeeded
from api.openapi.served_model import ServedModel
from shared.queue.messages import Status

# Of the example; nobody's own observation is called that, so that trying it out takes no id away.
EXAMPLE_ID = "example"
_JOB_ID = "01a20814-477e-7811-8fd2-75b7d6686ac3"


def paths(model: ServedModel | None, asks_for_key: bool) -> dict[str, Any]:
    """The operations on predictions."""
    example = dict(model.example) if model is not None else {}
    return {
        "/predict": {"post": _asking(
            "predict", "Predict, and store the prediction",
            "Answered when the row is committed. An id that was predicted before gets the stored "
            "answer, with `error`; nothing is scored anew. What takes longer than it may wait "
            "becomes a job.",
            schema("Prediction"), {"id": EXAMPLE_ID, "observation": example},
            succeeded("Scored and stored, or stored before.", json_content(schema("Answer"))),
            asks_for_key,
        )},
        "/update": {"post": _asking(
            "update", "Say what really happened",
            "Answered with the row. Labels apply in the order in which they were accepted. An "
            "update of an id whose prediction is promised but not done yet waits for it.",
            schema("Update"),
            {"id": EXAMPLE_ID, "true_class": _true_class(model)},
            succeeded("The row; or the error that there is none.",
                      json_content(schema("Labelled"))),
            asks_for_key,
        )},
    }  # fmt: skip


def _true_class(model: ServedModel | None) -> Any:
    """One that an update of this model takes."""
    if model is not None and model.classes:
        return model.classes[-1]
    outputs = model.outputs if model is not None and model.outputs is not None else 1
    return 1 if outputs == 1 else [1] * outputs


def _asking(
    name: str,
    summary: str,
    told: str,
    body: Mapping[str, Any],
    example: Any,
    done: Mapping[str, Any],
    asks_for_key: bool,
) -> dict[str, Any]:
    """An operation that waits for a worker, or becomes a job."""
    return {
        "operationId": name,
        "tags": ["predictions"],
        "summary": summary,
        "description": told,
        "parameters": [parameter("Prefer")],
        "requestBody": {
            "required": True,
            "description": "JSON in UTF-8; it may come with `Content-Encoding: gzip`.",
            "content": json_content(body, example),
        },
        "responses": responses(
            {"200": done, "202": _promised()},
            asks_for_key=asks_for_key, takes_body=True,
        ),
    }  # fmt: skip


def _promised() -> dict[str, Any]:
    return succeeded(
        "A job now, which is committed: ask for it at `Location`.",
        json_content(schema("Queued"), {"job_id": _JOB_ID, "status": Status.QUEUED}),
        {name: header(name) for name in ("Location", "Preference-Applied", "Retry-After")},
        links={
            name: {"operationId": name, "parameters": {"job_id": "$response.body#/job_id"}}
            for name in ("findJob", "cancelJob")
        },
    )
