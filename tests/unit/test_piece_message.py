"""`shared.queue.piece_message`: what tells a worker of a piece, and what is none of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.queue.messages import WIRE_VERSION, MessageError
from shared.queue.piece_message import Piece


def test_piece_there_and_back() -> None:
    """Everything arrives, and each message has an id of its own."""
    piece = Piece(7, 3)
    assert Piece.from_text(piece.to_text()) == piece
    assert piece.message_id != Piece(7, 3).message_id


@pytest.mark.parametrize("change", [{"version": WIRE_VERSION + 2}, {"batch": None}, {"piece": "x"}])
def test_what_is_no_piece(change: dict[str, Any]) -> None:
    """Another version, or a field that is no number."""
    text = json.dumps({**json.loads(Piece(7, 3).to_text()), **change})
    with pytest.raises(MessageError):
        Piece.from_text(text)
