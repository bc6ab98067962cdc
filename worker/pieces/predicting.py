"""From the lines of a piece to what is stored of them: read, judged, checked and asked about."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.answers import unused_keys
from shared.db.piece_store import ScoredLines
from shared.errors import QueuecastError
from shared.queue.messages import Kind
from shared.shown import at_most, unused_key_warnings
from worker.model.answers import Answer
from worker.model.loading import Model
from worker.pieces import ids
from worker.pieces.columns import take_all
from worker.pieces.reading import Document, ReadLines
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


def predict(lines: ReadLines, known: Container[int], model: Model, ask: Ask) -> Predicted:
    """Have the lines answered that could be read. What is said of the places in `known` was said
    when they came."""
    places = [place for place, document in enumerate(lines.documents) if document is not None]
    read: list[Document] = [document for document in lines.documents if document is not None]
    judged = ids.judge([document["id"] for document in read])
    observations: list[Observation] = [document["observation"] for document in read]

    def reread(row: int) -> Observation:
        found = None if lines.strictly is None else lines.strictly(places[row])
        return found["observation"] if isinstance(found, dict) else observations[row]

    taken = take_all(observations, model, reread)
    errors: dict[int, QueuecastError] = {**taken.errors, **judged.errors}
    rows = [row for row in range(len(read)) if row not in errors] if errors else range(len(read))
    answers = ask(taken.values, rows)
    # What comes behind the last row that there was time for is left to another turn.
    whole = len(answers) == len(rows)
    reached = len(lines.documents) if whole else places[rows[len(answers)]]
    made = _Made(reached, lines.are_texts)
    for row, found in zip(rows, answers, strict=False):
        if isinstance(found, QueuecastError):
            errors[row] = found
            continue
        made.add(places[row], judged.keys[row], judged.are_text[row], found)
        if lines.are_texts:
            made.keep(places[row], as_json(read[row], taken.values, row))
    said = _warnings(read, observations, taken.warnings, model)
    rejects = [one for one in lines.rejects if one.place < reached and one.place not in known]
    for row, error in errors.items():
        if places[row] < reached:
            rejects.append(_reject(lines, places[row], read[row], error, row in judged.errors))
    return Predicted(
        reached,
        made.scored(model.version),
        rejects,
        made.places,
        made.ids,
        made.repeated,
        {places[row]: texts for row, texts in said.items() if row not in errors},
        [found for found in answers if isinstance(found, QueuecastError)],
    )


def as_json(document: Document, values: Mapping[str, Sequence[Any]], row: int) -> str:
    """The JSON that a record of a CSV stands for: what its columns read as numbers or truths are
    such, and all else is text."""
    observation = {
        name: _as_read(sent, values[name][row]) if name in values else sent
        for name, sent in document["observation"].items()
    }
    whole = {"id": document["id"], "observation": observation}
    try:
        return orjson.dumps(whole).decode()
    except TypeError:  # it writes no integers beyond 64 bits
        return json.dumps(whole, ensure_ascii=False)


def _as_read(sent: str | None, taken: Any) -> Any:
    return taken if type(taken) in (int, float, bool) else sent


def _reject(
    lines: ReadLines, place: int, document: Document, error: QueuecastError, is_of_id: bool
) -> Reject:
    """The strict reader says best why an id is none: an integer beyond 64 bits looks like a
    fraction without it."""
    strictly = lines.strictly(place) if is_of_id and lines.strictly is not None else None
    return strictly if isinstance(strictly, Reject) else reject(place, document, error)


class _Made:
    """What is stored of each line, gathered."""

    def __init__(self, lines: int, with_observations: bool) -> None:
        self.places: list[int] = []
        self.repeated: set[int] = set()
        self._keys: list[str | None] = [None] * lines
        self._are_text = [False] * lines
        self._probas: list[float | None] = [None] * lines
        self._answers: list[str | None] = [None] * lines
        self._observations: list[str] | None = [""] * lines if with_observations else None
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

    def keep(self, place: int, observation: str) -> None:
        """Have this text stored for a line, in place of the line itself."""
        if self._observations is not None:
            self._observations[place] = observation

    def scored(self, version: str) -> ScoredLines:
        answers = self._answers if any(self._answers) else None
        return ScoredLines(
            self._keys, self._are_text, self._observations, self._probas, version, answers
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
