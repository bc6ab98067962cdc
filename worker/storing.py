"""Predictions: rows, finished jobs and the updates that waited for them, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.answers import with_warnings
from shared.db import jobs, predictions
from shared.db.engine import Database
from shared.db.job_rows import Job
from shared.db.predictions import Prediction, Stored
from shared.queue.messages import Kind, Outcome, Request, Status
from worker import labelling
from worker.labelling import Ended
from worker.model.answering import Answering
from worker.scoring.scoring import Score


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of each request of a group, and of the updates that ended with them. `behind` are
    the queued predictions of the same observations, which could not be claimed before these."""

    outcomes: tuple[Outcome, ...]
    updates: tuple[Ended, ...]
    behind: tuple[Job, ...] = ()


def settle_at_once(
    database: Database,
    requests: Sequence[Request],
    scores: Sequence[Score],
    model_version: str,
) -> Settled | None:
    """Store a scored group of which nothing was promised, which is nearly every group, with one
    message to PostgreSQL. None when something was, and nothing is done: `settle` it.

    Raises:
        DatabaseAwayError: as `Database.write`.
    """
    made = _made(requests, scores, model_version)
    if not made:
        return None
    keys = [r.observation_id.key for r in requests]
    request_ids = [r.request_id for r in requests]
    inserted = predictions.insert_unpromised(database, made, request_ids, keys)
    if inserted is None:
        return None
    complete = inserted == len(made)
    stored = {} if complete else database.read(lambda c: predictions.find(c, keys))
    outcomes = tuple(_outcome(r, s, stored) for r, s in zip(requests, scores, strict=True))
    return Settled(outcomes, ())


def settle(
    connection: Connection,
    requests: Sequence[Request],
    scores: Sequence[Score],
    model_version: str,
    answering: Answering,
) -> Settled:
    """Store a scored group. Running it again changes nothing and gives the same outcomes.

    The insert comes before the look into the ledger: a synchronous request may be turned into a
    job, and that job cancelled, while its group is on the way (see `predictions.STORING_LOCK`).
    """
    made = _made(requests, scores, model_version)
    inserted = predictions.insert(connection, made)
    keys = [r.observation_id.key for r in requests]
    request_ids = [r.request_id for r in requests]
    promised = jobs.any_of(connection, request_ids, keys)
    locked = jobs.lock(connection, request_ids, keys) if promised else []
    cancelled = {j.request.request_id for j in locked if j.status is Status.CANCELLED}
    if cancelled:
        predictions.remove_of_requests(connection, list(cancelled), keys)
        made = [p for p in made if p.request_id not in cancelled]
        predictions.insert(connection, made)  # an id that a cancelled request held is free now
    complete = not cancelled and inserted == len(made)
    stored = {} if complete else predictions.find(connection, keys)
    outcomes = tuple(
        _outcome(r, s, stored)
        for r, s in zip(requests, scores, strict=True)
        if r.request_id not in cancelled
    )
    mine = {j.request.request_id for j in locked}
    jobs.finish(connection, [o for o in outcomes if o.request_id in mine])
    updates: list[Ended] = []
    if any(j.request.kind is Kind.UPDATE for j in locked):
        updates = labelling.apply(connection, keys, answering)
    done = set(request_ids)
    behind = [
        j
        for j in locked
        if j.request.kind is Kind.PREDICT
        and j.status is Status.QUEUED
        and j.request.request_id not in done
    ]
    return Settled(outcomes, tuple(updates), tuple(behind))


def _made(
    requests: Sequence[Request], scores: Sequence[Score], model_version: str
) -> list[Prediction]:
    return [
        Prediction(
            r.request_id, r.observation_id, r.body, s.proba, model_version,
            s.answer if isinstance(s.answer, dict) else None,
        )
        for r, s in zip(requests, scores, strict=True)
        if s.answer is not None
    ]  # fmt: skip


def _outcome(request: Request, score: Score, stored: dict[str, Stored]) -> Outcome:
    if score.error is not None:
        return Outcome.refused(request.request_id, score.error)
    row = stored.get(request.observation_id.key)
    body = (score.body or {}) if row is None else row.answer_to(request)
    return Outcome(request.request_id, 200, with_warnings(body, score.warnings))
