"""A client that sends files to one gateway, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.system import FIRST_PASSENGER, Answer, Client, call, wait_for

NDJSON, CSV = "application/x-ndjson", "text/csv"
ENDED = {"succeeded", "failed", "cancelled"}


def lines(ids: Iterable[Any], observation: Any = FIRST_PASSENGER) -> bytes:
    """NDJSON of this observation under each of these ids."""
    rows = (json.dumps({"id": one, "observation": observation}) for one in ids)
    return "".join(f"{row}\n" for row in rows).encode()


def send(client: Client, body: bytes, query: str = "", kind: str = NDJSON, **more: str) -> Answer:
    """POST a file; `more` are headers, with underscores for hyphens."""
    headers = {"Content-Type": kind, **client.headers, **_named(more)}
    return call(client.address, "POST", f"/batches{query}", body, headers)


def go_on(client: Client, batch_id: str, offset: int, body: bytes, **more: str) -> Answer:
    """PATCH the next part of a file."""
    headers = {
        "Content-Type": "application/partial-upload", "Upload-Offset": str(offset),
        **client.headers, **_named(more),
    }  # fmt: skip
    return call(client.address, "PATCH", f"/batches/{batch_id}", body, headers)


def offset(client: Client, batch_id: str) -> int:
    """How many bytes of a batch are committed."""
    answer = call(client.address, "HEAD", f"/batches/{batch_id}", headers=client.headers)
    assert answer.status == 200, answer
    return int(answer.headers["upload-offset"])


def batch(client: Client, batch_id: str) -> Any:
    """A batch as it is now; its counts add up at every moment."""
    answer = client.get(f"/batches/{batch_id}")
    assert answer.status == 200, answer
    found = answer.json
    counts = ("queued", "succeeded", "duplicate", "rejected")
    assert found["read"] == sum(found[count] for count in counts), found
    return found


def ended(client: Client, batch_id: str, seconds: float = 30.0) -> Any:
    """A batch once it has ended."""

    def look() -> Any:
        found = batch(client, batch_id)
        return found if found["status"] in ENDED else None

    return wait_for(look, seconds, f"batch {batch_id} ends")


def rows_of(client: Client, batch_id: str, what: str = "results") -> list[Any]:
    """The results, or the rejects, of a batch."""
    answer = client.get(f"/batches/{batch_id}/{what}")
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.body.splitlines()]


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
