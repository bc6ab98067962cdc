"""How the lines of NDJSON are read. Pure.

orjson reads a line in a fraction of the time that the strict reader of requests takes. It is less
strict, so that what it has read counts only where the strict reader would have read the same; every
other line is read by that one, for its verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from shared.errors import ClientFaultError, WrongShapeError
from shared.queue.messages import Kind
from shared.request_shape import check_shape
from shared.strict_json import parse
from worker.pieces.rejects import Reject, reject

Document = dict[str, Any]


def read_predictions(lines: Sequence[str]) -> tuple[list[Document | None], list[Reject]]:
    """What each line holds, which is what `/predict` takes but for its id; None for one that is
    rejected, and the rejects."""
    return _read(lines, _is_prediction, Kind.PREDICT)


def read_updates(lines: Sequence[str]) -> tuple[list[Document | None], list[Reject]]:
    """The same of lines that `/update` takes."""
    return _read(lines, _is_update, Kind.UPDATE)


def read_strictly(line: str, place: int, kind: Kind) -> Document | Reject:
    """What a line holds, as a request's body is read and judged."""
    document: object = None
    try:
        if not line.strip():
            raise WrongShapeError("the line is empty")
        document = parse(line)
        if not isinstance(document, dict):
            raise WrongShapeError("the line must be a JSON object")
        check_shape(kind, document)
    except ClientFaultError as error:
        return reject(place, document, error)
    return document


def _read(
    lines: Sequence[str], is_read: Callable[[str, Any], bool], kind: Kind
) -> tuple[list[Document | None], list[Reject]]:
    documents: list[Document | None] = []
    rejects = []
    loads = orjson.loads
    for line in lines:
        try:
            document = loads(line)
            if is_read(line, document):
                documents.append(document)
                continue
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        found = read_strictly(line, len(documents), kind)
        if isinstance(found, Reject):
            rejects.append(found)
            documents.append(None)
        else:
            documents.append(found)
    return documents, rejects


def _is_prediction(line: str, document: Mapping[str, Any]) -> bool:
    """Whether orjson has read a prediction as the strict reader would have; an exception also says
    that it has not.

    It takes a key that is there twice, and is then left with fewer than the line has. Without a
    bracket, and with no more keys than these two objects have, it is not nested deeply.
    """
    document["id"]
    keys = len(document) + len(document["observation"].keys())
    return "[" not in line and _most_keys(line, keys) == keys


def _is_update(line: str, document: Mapping[str, Any]) -> bool:
    document["id"]
    true_class = document["true_class"]
    # The strict judge may take others; most are texts and small numbers.
    is_taken = type(true_class) in (int, str) and 0 < len(str(true_class)) <= 18
    keys = len(document)
    return is_taken and "[" not in line and _most_keys(line, keys) == keys


def _most_keys(line: str, expected: int) -> int:
    """How many keys a line has at most. A key is a text before a colon, perhaps with blanks between
    them: there are no more keys than colons; and where texts have colons as well, no more than
    texts that end so."""
    colons = line.count(":")
    if colons == expected:
        return colons
    return line.count('":') + line.count('" ') + line.count('"\t') + line.count('"\r')
