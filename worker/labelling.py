"""Updates: what really happened is written beside what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared.db import jobs, predictions
from shared.db.jobs import Job
from shared.errors import ClientFaultError
from shared.queue.messages import Kind, Outcome, does_not_exist
from shared.strict_json import parse_object
from worker.scoring.shown import unused_key_warnings
from worker.scoring.true_class import recognise

_KEYS = ("id", "true_class")


@dataclass(frozen=True, slots=True)
class Ended:
    """An update that ended, and the gateway process that may wait for it."""

    reply_to: str | None
    outcome: Outcome


def apply(connection: Connection, keys: Sequence[str], classes: Sequence[Any]) -> list[Ended]:
    """Apply the unfinished updates of these observations, in the order of their acceptance.

    Whichever of their messages comes first brings all of them. One whose observation has no row
    but an accepted prediction on its way is left waiting; that prediction applies it.
    """
    unfinished = jobs.lock(connection, (), keys)
    coming = {j.request.observation_id.key for j in unfinished if j.request.kind is Kind.PREDICT}
    ended = []
    for job in unfinished:
        if job.request.kind is not Kind.UPDATE:
            continue
        outcome = _outcome(connection, job, classes, coming)
        if outcome is not None:
            ended.append(Ended(job.reply_to, outcome))
    jobs.finish(connection, [e.outcome for e in ended])
    return ended


def _outcome(
    connection: Connection, job: Job, classes: Sequence[Any], coming: set[str]
) -> Outcome | None:
    request = job.request
    key = request.observation_id.key
    try:
        document = parse_object(request.body)
        true_class = recognise(document.get("true_class"), classes)
    except ClientFaultError as error:
        return Outcome.refused(request.request_id, error)
    if not predictions.set_true_class(connection, key, true_class, job.seq):
        if key in coming:
            return None
        return Outcome(request.request_id, 200, does_not_exist(request.observation_id))
    body = dict(predictions.row(connection, key) or {})
    unused = [name for name in document if name not in _KEYS]
    if unused:
        body["warnings"] = unused_key_warnings("the request has a key that is not used", unused)
    return Outcome(request.request_id, 200, body)
