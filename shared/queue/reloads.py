"""What travels on Redis when the workers are asked to take up the model anew: JSON, as sorted sets
of one deployment. Each side passes over keys that it does not know."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")

# How long a request, and what became of it, can be asked for, in seconds.
KEPT = 600


class ReloadState(StrEnum):
    """How far a worker is."""

    RELOADING = "reloading"
    # It serves the model that the folder holds.
    RELOADED = "reloaded"
    # It serves the one of before, since that of the folder cannot be served.
    KEPT = "kept"
    # It has said nothing: it may be of a version that knows of no reloads.
    UNANSWERED = "unanswered"
    # It has ended.
    GONE = "gone"

    @property
    def final(self) -> bool:
        """Whether nothing more will come of it."""
        return self is not ReloadState.RELOADING


@dataclass(frozen=True, slots=True)
class ReloadRequest:
    """To all workers of a deployment. `workers` are those that were alive when it was made, at
    `asked_at` by Redis' clock, in seconds."""

    reload_id: str
    workers: tuple[str, ...]
    asked_at: float

    def to_text(self) -> str:
        """The request as JSON."""
        return json.dumps(
            {"reload_id": self.reload_id, "workers": self.workers, "asked_at": self.asked_at}
        )

    @classmethod
    def from_text(cls, text: str) -> ReloadRequest:
        """Read a request."""
        data: dict[str, Any] = json.loads(text)
        return cls(str(data["reload_id"]), tuple(data["workers"]), float(data["asked_at"]))


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """What one worker says: the version that it serves, and why it is still that of before."""

    worker: str
    state: ReloadState
    model_version: str | None = None
    reason: str | None = None

    def to_text(self) -> str:
        """The outcome as JSON."""
        return json.dumps(
            {
                "worker": self.worker,
                "state": self.state,
                "model_version": self.model_version,
                "reason": self.reason,
            }
        )

    @classmethod
    def from_text(cls, text: str) -> ReloadOutcome:
        """Read an outcome."""
        data: dict[str, Any] = json.loads(text)
        state = ReloadState(data["state"])
        return cls(str(data["worker"]), state, data["model_version"], data["reason"])


def readable(texts: Iterable[str], read: Callable[[str], T]) -> list[T]:
    """What of these can be read; what cannot is of another version, or garbage, and is dropped."""
    found = []
    for text in texts:
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            found.append(read(text))
    return found


def worker_of(generation: str) -> str:
    """The worker that a generation of this name belongs to: its number is behind a dot."""
    worker, dot, number = generation.rpartition(".")
    return worker if dot and number.isdigit() else generation
