"""A batch as a service shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RECEIVING = "receiving"
ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Batch:
    """How far a file is. `received` is in bytes; of its `read` rows so many are `queued`, made a
    prediction or a label (`succeeded`), had one already (`duplicate`), or were refused
    (`rejected`). `seconds_left` is an estimate."""

    batch_id: str
    kind: str
    name: str | None
    status: str
    received: int
    read: int
    queued: int
    succeeded: int
    duplicate: int
    rejected: int
    rows_per_second: float | None
    seconds_left: float | None
    submitted_at: str
    finished_at: str | None
    error: str | None

    @classmethod
    def read_from(cls, found: Mapping[str, Any]) -> Batch:
        """What the service says of it."""
        said: dict[str, Any] = {name: found.get(name) for name in cls.__dataclass_fields__}
        return cls(**said)

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is to come any more."""
        return self.status in ENDED
