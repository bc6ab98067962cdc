"""What schemathesis sends and checks beside its own: ids, and what becomes of jobs."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any
from urllib.request import Request, urlopen

import schemathesis

from api.openapi.operations.predictions import EXAMPLE_ID

_numbers = itertools.count(1)
# In seconds.
_LONGEST = 60.0


@schemathesis.hook
def before_call(_: Any, case: Any, **__: Any) -> None:
    """Send 1 for the id 1.0, which JSON Schema cannot tell from it and which is none; and as the
    example's id another one each time, since jobs of one id wait for each other."""
    body = case.body
    if isinstance(body, dict) and "id" in body:
        value = body["id"]
        if isinstance(value, float) and value.is_integer():
            case.body = {**body, "id": int(value)}
        elif value == EXAMPLE_ID:
            case.body = {**body, "id": f"{EXAMPLE_ID} {next(_numbers)}"}


@schemathesis.check
def promised_and_refused(_: Any, response: Any, case: Any) -> None:
    """A job of what the document does not allow fails for it."""
    if "/batches" in case.path:
        return  # a file is taken whatever its lines are, each of which is judged by itself
    if response.status_code == 202 and case.meta and case.meta.generation.mode.is_negative:
        deadline = time.monotonic() + _LONGEST
        while not (job := _found(response, "?wait=5"))["finished_at"]:
            assert time.monotonic() < deadline, job
        assert job["status"] == "failed", job
        assert 400 <= job["status_code"] < 500, job


@schemathesis.check
def stays_cancelled(_: Any, response: Any, case: Any) -> None:
    """A cancelled job, or batch, is there and cancelled for whoever asks."""
    if case.method == "DELETE" and response.status_code == 200:
        assert response.json()["status"] == "cancelled"
        assert _found(response)["status"] == "cancelled"


def _found(response: Any, query: str = "") -> dict[str, Any]:
    """The job, or the batch, that an answer names."""
    asked = response.request
    address = "/".join(asked.url.split("/", 3)[:3])
    headers = {k: v for k, v in asked.headers.items() if k.lower() == "authorization"}
    named = response.json()
    path = f"jobs/{named['job_id']}" if "job_id" in named else f"batches/{named['batch_id']}"
    url = f"{address}/{path}{query}"
    with urlopen(Request(url, headers=headers)) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
