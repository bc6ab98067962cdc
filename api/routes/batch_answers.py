"""A batch as clients see it."""

from __future__ import annotations

from typing import Any

from shared.db.seen_rows import timestamp
from shared.queue.messages import Status


def as_seen(row: Any) -> dict[str, Any]:
    """What `shared.db.batches` selects of a batch: `read` is always the sum of the four counts that
    follow it."""
    ended = row.succeeded + row.duplicate + row.rejected
    queued = row.read - ended
    until = row.finished_at or row.now
    seconds = 0.0
    if row.started_at is not None:
        seconds = max((until - row.started_at).total_seconds(), 0.001)
    rate = ended / seconds if seconds else None
    runs = row.status not in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
    return {
        "batch_id": row.batch_id,
        "kind": row.kind,
        "name": row.name,
        "status": row.status,
        "received": row.upload_offset,
        "read": row.read,
        "queued": queued,
        "succeeded": row.succeeded,
        "duplicate": row.duplicate,
        "rejected": row.rejected,
        "rows_per_second": None if rate is None else round(rate, 1),
        "seconds_left": round(queued / rate, 1) if runs and rate else None,
        "submitted_at": timestamp(row.submitted_at),
        "finished_at": timestamp(row.finished_at),
        "digest": row.digest,
        "error": row.error,
    }
