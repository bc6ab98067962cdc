"""What is said of a line that is rejected. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.errors import QueuecastError, UnfitObservationError


@dataclass(frozen=True, slots=True)
class Reject:
    """A line of a piece that makes no row: its place in the piece, the id as it was sent, if it
    could be read, and why it was rejected; `column` is the one at fault, where it is one."""

    place: int
    observation_id: Any
    column: str | None
    error: str


def reject(place: int, document: Any, error: QueuecastError) -> Reject:
    """The reject of a line, of which this much could be read, for such an error."""
    sent = document.get("id") if isinstance(document, dict) else None
    # What is no id is in the line itself.
    shown = sent if isinstance(sent, int | str) and not isinstance(sent, bool) else None
    column = error.column if isinstance(error, UnfitObservationError) else None
    return Reject(place, shown, column, str(error))
