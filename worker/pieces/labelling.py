"""From the lines of a piece of labels to what is written beside the predictions."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared.answers import does_not_exist, unused_keys
from shared.db import batch_pieces, job_numbers, piece_labels
from shared.db.batch_pieces import Ended
from shared.db.piece_rows import ClaimedPiece, Part
from shared.errors import ClientFaultError, QueuecastError
from shared.model_kind import ModelKind
from shared.observation_id import ObservationId
from shared.queue.messages import Kind
from worker.model.answering import Answering
from worker.pieces import ids
from worker.pieces.reading import Document, ReadLines
from worker.pieces.rejects import Reject, reject
from worker.pieces.storing import Stored, as_rejects
from worker.scoring.dtypes.numbers import of_text
from worker.scoring.true_class import recognise


@dataclass(frozen=True, slots=True)
class Labels:
    """What the lines of a piece say: the places of those that are usable, the keys of their
    observations, their ids as they sent them, and their true classes; the rejects; and what is to
    be said of some, by place."""

    places: list[int]
    keys: list[str]
    ids: list[int | str]
    classes: list[Any]
    rejects: list[Reject]
    warnings: dict[int, list[str]]


def recognise_all(lines: ReadLines, known: Container[int], answering: Answering) -> Labels:
    """Judge lines as `/update` judges each. What is said of the places in `known` was said when
    they came."""
    places = [place for place, document in enumerate(lines.documents) if document is not None]
    read: list[Document] = [document for document in lines.documents if document is not None]
    judged = ids.judge([document["id"] for document in read])
    labels = Labels([], [], [], [], [one for one in lines.rejects if one.place not in known], {})
    # Thousands of lines have a few classes.
    recognised: dict[tuple[type, Any], Any] = {}
    for row, (place, document) in enumerate(zip(places, read, strict=True)):
        try:
            if row in judged.errors:
                raise judged.errors[row]
            true_class = _recognise(document["true_class"], lines.are_texts, answering, recognised)
        except ClientFaultError as error:
            labels.rejects.append(_reject(lines, place, document, error))
            continue
        labels.places.append(place)
        labels.keys.append(judged.keys[row])
        labels.ids.append(judged.keys[row] if judged.are_text[row] else int(judged.keys[row]))
        labels.classes.append(true_class)
        if len(document) > 2:
            labels.warnings[place] = unused_keys(Kind.UPDATE, document)
    return labels


def _reject(lines: ReadLines, place: int, document: Document, error: QueuecastError) -> Reject:
    strictly = lines.strictly(place) if lines.strictly is not None else None
    return strictly if isinstance(strictly, Reject) else reject(place, document, error)


def _recognise(
    sent: Any, is_text: bool, answering: Answering, recognised: dict[tuple[type, Any], Any]
) -> Any:
    if isinstance(sent, list):
        return recognise(sent, answering)
    known = (type(sent), sent)
    if known not in recognised:
        value = sent
        if is_text and answering.kind is ModelKind.REGRESSOR:
            number = of_text(sent)
            value = sent if number is None else number
        recognised[known] = recognise(value, answering)
    return recognised[known]


def store(connection: Connection, piece: ClaimedPiece, labels: Labels, lines: ReadLines) -> Stored:
    """Label the rows of a piece that is still held, and how it ended; nothing of one that is not.

    Of an observation whose prediction was accepted and is still to come, the line waits: it becomes
    a piece of its own, which a later sweep publishes.
    """
    if not batch_pieces.hold(connection, piece):
        return Stored(False, [])
    number = piece.label_number
    if number is None:
        (number,) = job_numbers.draw_within(connection, 1)
    # Of two labels of one observation the later one stays.
    absent = piece_labels.label(
        connection, dict(zip(labels.keys, labels.classes, strict=True)), number
    )
    waiting = piece_labels.coming(connection, list(absent)) if absent else set()
    first = piece.part.first_line
    rest, rejects, kept = [], [*labels.rejects], []
    for row, place in enumerate(labels.places):
        key = labels.keys[row]
        if key in waiting:
            rest.append(Part(first + place, 1, lines.texts[place]))
            continue
        kept.append(row)
        if key in absent:
            rejects.append(_absent(labels.ids[row], place))
    ended = Ended(
        sum(labels.keys[row] not in absent for row in kept),
        0,
        as_rejects(rejects, first, lines.texts),
        _results(labels, kept, absent, first, len(lines.texts)),
    )
    may_have_ended, _ = batch_pieces.finish(connection, piece, ended, rest)
    return Stored(may_have_ended, [])


def _absent(sent: int | str, place: int) -> Reject:
    error = does_not_exist(ObservationId(str(sent), isinstance(sent, str)))["error"]
    return Reject(place, sent, None, error)


def _results(
    labels: Labels, kept: list[int], absent: set[str], first: int, lines: int
) -> dict[str, Any]:
    results: dict[str, Any] = {"ids": [labels.ids[row] for row in kept]}
    if len(kept) < lines:
        results["lines"] = [first + labels.places[row] for row in kept]
    missing = [number for number, row in enumerate(kept) if labels.keys[row] in absent]
    if missing:
        results["absent"] = missing
    if labels.warnings:
        results["warnings"] = [
            [labels.warnings[labels.places[row]], [number]]
            for number, row in enumerate(kept)
            if labels.places[row] in labels.warnings
        ]
    return results
