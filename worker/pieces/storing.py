"""What is written down of a piece: rows, counts, rejects and results, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared.db import batch_pieces, piece_store
from shared.db.batch_pieces import Ended
from shared.db.piece_rows import ClaimedPiece
from shared.queue.piece_message import Piece
from worker.pieces.dividing import behind
from worker.pieces.predicting import Predicted
from worker.pieces.rejects import Reject


@dataclass(frozen=True, slots=True)
class Stored:
    """Whether the batch may have ended with a piece, and the pieces that were made of what was left
    of it."""

    may_have_ended: bool
    more: list[Piece]


def store(
    connection: Connection, piece: ClaimedPiece, predicted: Predicted, texts: Sequence[str]
) -> Stored:
    """Store the rows of a piece that is still held, and how it ended; nothing of one that is not.
    `texts` are its lines: those behind the ones that were answered become a piece of their own."""
    if not batch_pieces.hold(connection, piece):
        return Stored(False, [])
    there = piece_store.store(connection, piece, predicted.scored)
    keys = predicted.scored.keys
    old = [
        number
        for number, place in enumerate(predicted.places)
        if place in predicted.repeated or keys[place] in there
    ] if there or predicted.repeated else []  # fmt: skip
    first = piece.part.first_line
    ended = Ended(
        len(predicted.places) - len(old),
        len(old),
        as_rejects(predicted.rejects, first, texts),
        _results(predicted, old, first),
    )
    is_whole = predicted.lines == len(texts)
    rest = [] if is_whole else [behind(piece.part, texts, predicted.lines)]
    return Stored(*batch_pieces.finish(connection, piece, ended, rest))


def as_rejects(rejects: Sequence[Reject], first: int, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Rejects as they are kept and shown; `first` is the number of the piece's first line."""
    return [
        {
            "line": first + one.place,
            "id": one.observation_id,
            "column": one.column,
            "error": one.error,
            "original": texts[one.place],
        }
        for one in rejects
    ]


def _results(predicted: Predicted, old: Sequence[int], first: int) -> dict[str, Any]:
    """What the rows do not say of the answers: in which lines which ids are, which of these, by
    their place, were there before, and what was said beside some answers."""
    results: dict[str, Any] = {"ids": predicted.ids}
    if len(predicted.places) < predicted.lines:
        results["lines"] = [first + place for place in predicted.places]
    if old:
        results["duplicates"] = list(old)
    if predicted.warnings:
        by_texts: dict[tuple[str, ...], list[int]] = {}
        for number, place in enumerate(predicted.places):
            texts = predicted.warnings.get(place)
            if texts:
                by_texts.setdefault(tuple(texts), []).append(number)
        results["warnings"] = [[list(texts), places] for texts, places in by_texts.items()]
    return results
