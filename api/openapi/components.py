"""What the operations share: schemas, parameters and headers. Pure."""

from __future__ import annotations

from typing import Any

from api.openapi.answers import answer_schema
from api.openapi.columns import observation_schema
from api.openapi.references import schema
from api.openapi.served_model import ServedModel
from api.openapi.true_classes import true_class_schema
from shared.observation_id import LARGEST_INTEGER, LONGEST_TEXT, SMALLEST_INTEGER
from shared.queue.messages import Kind, Status
from shared.queue.reloads import ReloadState

_TIME = {"type": "string", "format": "date-time"}
_TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
# Of a batch's rows: all, and what became of them.
_COUNTS = ("read", "queued", "succeeded", "duplicate", "rejected")


def schemas(model: ServedModel | None) -> dict[str, Any]:
    """The schemas, those of this model's observations and answers among them."""
    return {
        "Observation": observation_schema(model.columns if model is not None else ()),
        "Prediction": _object(
            {"id": schema("ObservationId"), "observation": schema("Observation")}
        ),
        "Answer": answer_schema(model),
        "Update": _object({"id": schema("ObservationId"), "true_class": schema("TrueClass")}),
        "TrueClass": true_class_schema(model),
        "ObservationId": {
            "description": (
                "A 64-bit integer, or a text without NUL or lone surrogates. `0` and `\"0\"` are "
                "the same observation, `\"00\"` is another."
            ),
            "anyOf": [
                {"type": "integer", "minimum": SMALLEST_INTEGER, "maximum": LARGEST_INTEGER},
                {
                    "type": "string", "minLength": 1, "maxLength": LONGEST_TEXT,
                    "pattern": r"^[^\x00]+$",
                },
            ],
        },
        "Row": {
            **_object({**_row(), **_rest_of_answers()}, *_row()),
            "description": "A prediction as it is stored.",
        },
        "Labelled": {
            "description": "The row, or that there is none.",
            "anyOf": [
                _object(
                    {**_row(), **_rest_of_answers(), "warnings": schema("Warnings")}, *_row()
                ),
                schema("DoesNotExist"),
            ],
        },
        "DoesNotExist": _object(
            {"error": {"type": "string"}, "warnings": schema("Warnings")}, "error"
        ),
        "Queued": _object({"job_id": schema("JobId"), "status": {"const": Status.QUEUED}}),
        "JobId": {"type": "string", "format": "uuid"},
        "Job": _object({
            "job_id": schema("JobId"),
            "kind": {"enum": list(Kind)},
            "status": {"enum": list(Status)},
            "submitted_at": _TIME,
            "finished_at": _TIME_OR_NULL,
            "result": {
                "description": "What the synchronous call would have answered.",
                "anyOf": [schema("Answer"), schema("Labelled"), {"type": "null"}],
            },
            "error": _TEXT_OR_NULL,
            "status_code": {"type": ["integer", "null"]},
        }),
        "Batch": _object({
            "batch_id": schema("JobId"),
            "kind": {"enum": list(Kind)},
            "name": _TEXT_OR_NULL,
            "status": {"enum": ["receiving", *Status]},
            "received": {"type": "integer", "description": "Bytes, as they were sent."},
            **{name: {"type": "integer", "minimum": 0} for name in _COUNTS},
            "rows_per_second": {"type": ["number", "null"]},
            "seconds_left": {"type": ["number", "null"]},
            "submitted_at": _TIME,
            "finished_at": _TIME_OR_NULL,
            "digest": _TEXT_OR_NULL,
            "error": _TEXT_OR_NULL,
        }),
        "Model": _object(
            {
                "name": _TEXT_OR_NULL,
                "version": {"type": "string"},
                "release": {"type": "string", "description": "The version that was packed."},
                "kind": {"type": "string"},
                "classes": {"type": "array"},
                "positive_class": {},
                "outputs": {"type": "integer", "description": "How many numbers are predicted."},
                "columns": {
                    "type": "array",
                    "items": {"type": "object", "required": ["name", "dtype"]},
                },
                "metrics": {"type": "object"},
                "row_by_row": {"type": "boolean"},
                "example": {"type": ["object", "null"]},
                "workers": {"type": "integer", "minimum": 1},
                "versions": {
                    "type": "array",
                    "items": _object(
                        {"version": {"type": "string"}, "workers": {"type": "integer"}}
                    ),
                },
            },
            "version", "example", "workers", "versions",
        ),
        "Reload": _object(_reload()),
        "ReloadFailed": _object({"error": {"type": "string"}, **_reload()}),
        "Up": _object({"status": {"const": "up"}}),
        "Ready": _object({"status": {"const": "ready"}, **_parts()}),
        "NotReady": _object({
            "status": {"const": "not ready"}, **_parts(), "error": {"type": "string"},
        }),
        "Error": _object({"error": {"type": "string"}}),
        "PerhapsPromised": _object(
            {
                "error": {"type": "string"},
                "job_id": {**schema("JobId"), "description": "Where it may be a job: ask there."},
            },
            "error",
        ),
        "Warnings": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What was sent and is not used, or is unknown to the model.",
        },
    }  # fmt: skip


def parameters() -> dict[str, Any]:
    """The parameters that several operations take."""
    return {
        "Prefer": {
            "name": "Prefer", "in": "header",
            "description": (
                "`respond-async` makes a job at once; `wait=N` waits N seconds before it becomes "
                "one (RFC 7240). What is malformed or unknown is ignored."
            ),
            "schema": {"type": "string"},
            "examples": {
                "at once": {"value": "respond-async"},
                "in five seconds": {"value": "wait=5"},
            },
        },
        "JobId": {
            "name": "job_id", "in": "path", "required": True,
            "description": "As the 202 named it.",
            "schema": {"type": "string"},
        },
    }  # fmt: skip


def headers() -> dict[str, Any]:
    """The headers of responses."""
    return {
        "Location": {
            "description": "Where to ask for the job.",
            "required": True, "schema": {"type": "string"},
        },
        "Preference-Applied": {
            "description": "Only where `respond-async` was preferred.",
            "schema": {"const": "respond-async"},
        },
        "Retry-After": {
            "description": "In so many seconds.",
            "required": True, "schema": {"type": "integer", "minimum": 0},
        },
        "Perhaps-Retry-After": {
            "description": "In so many seconds; only of a job that has not ended.",
            "schema": {"type": "integer", "minimum": 0},
        },
        "X-Request-Id": {
            "description": "The client's own, if it sent one; every line in the log has it.",
            "required": True, "schema": {"type": "string"},
        },
    }  # fmt: skip


def _row() -> dict[str, Any]:
    return {
        "id": {"type": "integer"},
        "observation_id": schema("ObservationId"),
        "observation": {"type": "string", "description": "The request's body as it was sent."},
        "proba": {"type": ["number", "null"]},
        "true_class": {"type": ["number", "string", "boolean", "array", "null"]},
        "predicted_at": _TIME_OR_NULL,
        "true_class_at": _TIME_OR_NULL,
        "model_version": _TEXT_OR_NULL,
        "model_name": _TEXT_OR_NULL,
    }


def _reload() -> dict[str, Any]:
    worker = {
        "worker": {"type": "string"},
        "status": {"enum": list(ReloadState)},
        "version": _TEXT_OR_NULL,
        "reason": _TEXT_OR_NULL,
    }
    return {"reload_id": {"type": "string"}, "workers": {"type": "array", "items": _object(worker)}}


def _rest_of_answers() -> dict[str, Any]:
    # By whichever model answered the row, which may have been one of another kind.
    return {
        "prediction": {"description": "A class, a number, or an array of numbers."},
        "probas": {"type": "object", "description": "By class."},
        "score": {"description": "A number, or one for each class."},
    }


def _parts() -> dict[str, Any]:
    told = "`ready`, or what is wrong."
    return {
        part: {"type": "string", "description": told} for part in ("database", "redis", "worker")
    }


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """An object of these properties, all of which it has when none are named."""
    return {"type": "object", "properties": properties, "required": list(required or properties)}
