"""What the model answers to the rows of a piece."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shared.errors import QueuecastError, UnansweredError
from worker.model.answers import Answer
from worker.model.loading import Model
from worker.pieces.pace import Pace
from worker.scoring.framing import frame_of
from worker.scoring.scoring import BLOCK, isolate
from worker.scoring.time_limit import time_limit

Values = Mapping[str, list[Any]]


def answer(
    values: Values, rows: Sequence[int], model: Model, pace: Pace, limit: float
) -> list[Answer | QueuecastError]:
    """One answer or error for each of these rows, which are places in the columns' values, in
    order; fewer when there is no time for more than the first of them.

    Rows are asked about together, as many as `pace` allows. The kernel ends this process when the
    model takes longer than `limit` seconds for those.
    """
    found: list[Answer | QueuecastError] = []
    began = pace.clock()
    while len(found) < len(rows):
        if found and not pace.has_time(pace.clock() - began):
            break
        some = rows[len(found) : len(found) + pace.rows()]
        asked = pace.clock()
        with time_limit(limit):
            found += _answers(values, some, model)
        pace.measured(len(some), pace.clock() - asked)
    return found


def _answers(values: Values, rows: Sequence[int], model: Model) -> list[Answer | QueuecastError]:
    if model.row_by_row:
        predict = partial(_unpadded, values, model)
        return [found for alone in rows for found in isolate([alone], predict)]
    return isolate(rows, partial(_padded, values, model))


def _padded(
    values: Values, model: Model, rows: Sequence[int]
) -> Sequence[Answer | UnansweredError]:
    """As a group of single requests is asked about: padded to whole blocks, and without the padding
    where that is in the way."""
    padding = [rows[-1]] * (-len(rows) % BLOCK)
    if padding:
        with contextlib.suppress(BaseException):  # what it is will be seen without the padding
            found = _unpadded(values, model, [*rows, *padding])[: len(rows)]
            if not any(isinstance(one, UnansweredError) for one in found):
                return found
    return _unpadded(values, model, rows)


def _unpadded(
    values: Values, model: Model, rows: Sequence[int]
) -> Sequence[Answer | UnansweredError]:
    some = {name: [of_column[row] for row in rows] for name, of_column in values.items()}
    return model.answers(frame_of(some, model))
