"""The message that lets a worker look at one piece of a batch, on the bulk lane.

It says only which piece it is: what is to be scored lies in the database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from shared.queue.messages import (
    UNREADABLE,
    WIRE_VERSION,
    MessageError,
    new_request_id,
    read_message,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a batch, by the batch's number and its own in the batch. `message_id` is that of
    this message: a try of the piece is counted for it."""

    batch_seq: int
    number: int
    message_id: str = field(default_factory=new_request_id)

    def to_text(self) -> str:
        """The piece as JSON."""
        wire = {
            "version": WIRE_VERSION,
            "message_id": self.message_id,
            "batch": self.batch_seq,
            "piece": self.number,
        }
        return json.dumps(wire)

    @classmethod
    def from_text(cls, text: Any) -> Piece:
        """Read a piece.

        Raises:
            MessageError: the text is not a piece of this version or a neighbouring one.
        """
        try:
            data = read_message(text)
            return cls(int(data["batch"]), int(data["piece"]), str(data["message_id"]))
        except UNREADABLE as error:
            raise MessageError(f"not a piece: {error!r}") from error
