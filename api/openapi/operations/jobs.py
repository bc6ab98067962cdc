"""GET and DELETE /jobs/{job_id} as the document has them. Pure."""

from __future__ import annotations

from typing import Any

from api.openapi.references import header, parameter, schema
from api.openapi.responses import json_content, responses, succeeded
from shared.observation_id import LARGEST_INTEGER


def paths(longest_wait: float, asks_for_key: bool) -> dict[str, Any]:
    """The operations on jobs. `longest_wait` is in seconds, as `SYNC_WAIT_MAX`."""
    content = json_content(schema("Job"))
    return {
        "/jobs/{job_id}": {
            "parameters": [parameter("JobId")],
            "get": {
                "operationId": "findJob",
                "tags": ["jobs"],
                "summary": "How far is a job?",
                "description": (
                    "`succeeded` means what a synchronous 200 means, and `result` is its body; a "
                    "job that failed has the `error` and the `status_code` of the synchronous call."
                ),
                "parameters": [{
                    "name": "wait", "in": "query",
                    "description": (
                        "Holds the request for so many seconds, or until the job ends: "
                        f"{longest_wait:g} at most."
                    ),
                    "schema": {"type": "integer", "minimum": 0, "maximum": LARGEST_INTEGER},
                    "example": 10,
                }],
                "responses": responses(
                    {"200": succeeded(
                        "The job.", content, {"Retry-After": header("Perhaps-Retry-After")}
                    )},
                    "404", "410", "422", asks_for_key=asks_for_key,
                ),
            },
            "delete": {
                "operationId": "cancelJob",
                "tags": ["jobs"],
                "summary": "Cancel a job that is queued",
                "description": (
                    "Its row is never written, and its id is free. The job stays there, as "
                    "`cancelled`; cancelling it again changes nothing."
                ),
                "responses": responses(
                    {"200": succeeded("The job, which is cancelled.", content)},
                    "404", "409", "410", "504", asks_for_key=asks_for_key,
                ),
            },
        },
    }  # fmt: skip
