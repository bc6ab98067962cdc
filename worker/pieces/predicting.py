"""From the lines of a piece to what is stored of them: read, judged, checked and asked about."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.answers import unused_keys
from shared.db.piece_store import ScoredLines
from shared.errors import QueuecastError
from shared.queue.messages import Kind
from shared.shown import at_most, unused_key_warnings
from worker.model.answers import Answer
from worker.model.loading import Model
from worker.pieces import ids
from worker.pieces.columns import take_all
from worker.pieces.ndjson import Document, read_strictly
from worker.pieces.rejects import Reject, reject
from worker.scoring.framing import Observation, unknown_keys

# Answers, or errors, to the first of these rows, which are places in the columns' values.
Ask = Callable[[dict[str, list[Any]], Sequence[int]], list[Answer | QueuecastError]]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What became of the first `lines` lines of a piece. `places` are those that were answered,
    `ids` as they sent them, and `repeated` those among them whose id came before in this piece;
    `warnings` is what is said of some, by place. `errors` are what the model answered to others."""

    lines: int
    scored: ScoredLines
    rejects: list[Reject]
    places: list[int]
    ids: list[int | str]
    repeated: set[int]
    warnings: dict[int, list[str]]
    errors: list[QueuecastError]

    @property
    def is_answered(self) -> bool:
        """Whether the model has answered any line."""
        return bool(self.places)


def predict(
    documents: list[Document | None],
    lines: Sequence[str],
    rejects: list[Reject],
    model: Model,
    ask: Ask,
) -> Predicted:
    """Have the lines answered that could be read; `documents` has what each holds, and `rejects`
    what is said of the others."""
    places = [place for place, document in enumerate(documents) if document is not None]
    read: list[Document] = [document for document in documents if document is not None]
    judged = ids.judge([document["id"] for document in read])
    observations: list[Observation] = [document["observation"] for document in read]

    def reread(row: int) -> Observation:
        found = read_strictly(lines[places[row]], places[row], Kind.PREDICT)
        return observations[row] if isinstance(found, Reject) else found["observation"]

    taken = take_all(observations, model, reread)
    # The strict reader says why it is none: an integer beyond 64 bits looks like a fraction here.
    strangers = {
        row: read_strictly(lines[places[row]], places[row], Kind.PREDICT) for row in judged.errors
    }
    errors: dict[int, QueuecastError] = {**taken.errors, **judged.errors}
    rows = [row for row in range(len(read)) if row not in errors] if errors else range(len(read))
    answers = ask(taken.values, rows)
    # What comes behind the last row that there was time for is left to another turn.
    whole = len(answers) == len(rows)
    reached = len(documents) if whole else places[rows[len(answers)]]
    made = _Made(len(documents))
    for row, found in zip(rows, answers, strict=False):
        if isinstance(found, QueuecastError):
            errors[row] = found
        else:
            made.add(places[row], judged.keys[row], judged.are_text[row], found)
    said = _warnings(read, observations, taken.warnings, model)
    return Predicted(
        reached,
        made.scored(model.version, reached),
        [
            *(one for one in rejects if one.place < reached),
            *(_rejected(strangers.get(row), places[row], read[row], error)
              for row, error in errors.items() if places[row] < reached),
        ],
        made.places,
        made.ids,
        made.repeated,
        {places[row]: texts for row, texts in said.items() if row not in errors},
        [found for found in answers if isinstance(found, QueuecastError)],
    )  # fmt: skip


def _rejected(
    strictly: Document | Reject | None, place: int, document: Document, error: QueuecastError
) -> Reject:
    return strictly if isinstance(strictly, Reject) else reject(place, document, error)


class _Made:
    """What is stored of each line, gathered."""

    def __init__(self, lines: int) -> None:
        self.places: list[int] = []
        self.repeated: set[int] = set()
        self._keys: list[str | None] = [None] * lines
        self._are_text = [False] * lines
        self._probas: list[float | None] = [None] * lines
        self._answers: list[str | None] = [None] * lines
        self._seen: set[str] = set()
        self.ids: list[int | str] = []

    def add(self, place: int, key: str, is_text: bool, answer: Answer) -> None:
        self.places.append(place)
        self.ids.append(key if is_text else int(key))
        if key in self._seen:
            self.repeated.add(place)
            return
        self._seen.add(key)
        self._keys[place] = key
        self._are_text[place] = is_text
        if isinstance(answer, float):
            self._probas[place] = answer
        else:
            self._probas[place] = answer.get("proba")
            self._answers[place] = json.dumps(answer)

    def scored(self, version: str, lines: int) -> ScoredLines:
        answers = self._answers[:lines] if any(self._answers) else None
        return ScoredLines(
            self._keys[:lines], self._are_text[:lines], None, self._probas[:lines], version, answers
        )


def _warnings(
    read: Sequence[Document],
    observations: Sequence[Observation],
    of_values: dict[int, list[str]],
    model: Model,
) -> dict[int, list[str]]:
    """What `/predict` would say of each row beside its answer, by row."""
    said: dict[int, list[str]] = {}
    # Lines of a file mostly have the same keys.
    unknown: dict[tuple[str, ...], list[str]] = {}
    for row, observation in enumerate(observations):
        names = tuple(observation)
        inner = unknown.get(names)
        if inner is None:
            inner = unknown[names] = unknown_keys(observation, model)
        if inner or row in of_values or len(read[row]) > 2:
            texts = [
                *unused_keys(Kind.PREDICT, read[row]),
                *unused_key_warnings("observation has a key that the model does not use", inner),
                *at_most(of_values.get(row, [])),
            ]
            if texts:
                said[row] = texts
    return said
