"""What is stored already of requests whose clients have waited long enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from shared.answers import unused_keys, with_warnings
from shared.db import labels, predictions
from shared.db.labels import Labelled
from shared.db.predictions import Stored
from shared.queue.messages import Kind, Outcome, Request
from shared.strict_json import parse_object


def stored_outcomes(connection: Connection, requests: Sequence[Request]) -> list[Outcome | None]:
    """For each prediction the outcome that its observation's row tells; for each update the row
    that it has labelled. None for a request that has left nothing, and is still to be done."""
    keys: dict[Kind, list[str]] = {Kind.PREDICT: [], Kind.UPDATE: []}
    for request in requests:
        keys[request.kind].append(request.observation_id.key)
    rows = predictions.find(connection, keys[Kind.PREDICT])
    labelled = labels.labelled(connection, keys[Kind.UPDATE])
    return [
        _of_prediction(request, rows.get(request.observation_id.key))
        if request.kind is Kind.PREDICT
        else _of_update(request, labelled.get(request.observation_id.key))
        for request in requests
    ]


def _of_prediction(request: Request, row: Stored | None) -> Outcome | None:
    if row is None:
        return None
    return _outcome(request, row.answer_to(request))


def _of_update(request: Request, row: Labelled | None) -> Outcome | None:
    # Below a later label it may have been or not; as a job it changes nothing either way.
    if row is None or request.number is None or row.seq != request.number:
        return None
    return _outcome(request, row.row)


def _outcome(request: Request, body: dict[str, Any]) -> Outcome:
    # Which keys of the observation the model uses is not known here: only a worker warns of those.
    warnings = unused_keys(request.kind, parse_object(request.body))
    return Outcome(request.request_id, 200, with_warnings(body, warnings))
