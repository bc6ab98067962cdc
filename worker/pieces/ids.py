"""The ids of a piece's lines, judged all at once where that is possible. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import WrongShapeError
from shared.observation_id import (
    LARGEST_INTEGER,
    LONGEST_TEXT,
    SMALLEST_INTEGER,
    ObservationId,
)


@dataclass(frozen=True, slots=True)
class Ids:
    """Of each line the key of its observation and whether it was sent as a text; and the errors of
    those that are no ids, by place, whose keys mean nothing."""

    keys: list[str]
    are_text: list[bool]
    errors: dict[int, WrongShapeError]


def judge(sent: Sequence[Any]) -> Ids:
    """Judge ids as `ObservationId.parse` does each."""
    kinds = set(map(type, sent))
    if kinds == {int} and min(sent) >= SMALLEST_INTEGER and max(sent) <= LARGEST_INTEGER:
        return Ids(list(map(str, sent)), [False] * len(sent), {})
    if kinds == {str} and _are_usable(sent):
        return Ids(list(sent), [True] * len(sent), {})
    return _one_by_one(sent)


def _are_usable(texts: Sequence[str]) -> bool:
    whole = "".join(texts)
    # Others are judged one by one: they may be lone surrogates.
    is_plain = whole.isascii() and "\x00" not in whole
    return is_plain and min(map(len, texts)) >= 1 and max(map(len, texts)) <= LONGEST_TEXT


def _one_by_one(sent: Sequence[Any]) -> Ids:
    found = Ids([], [], {})
    for place, value in enumerate(sent):
        try:
            observation_id = ObservationId.parse(value)
        except WrongShapeError as error:
            found.errors[place] = error
            observation_id = ObservationId("", is_text=True)
        found.keys.append(observation_id.key)
        found.are_text.append(observation_id.is_text)
    return found
