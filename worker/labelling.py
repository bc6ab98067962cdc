"""Updates: what really happened is written beside what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared.db import jobs, predictions
from shared.db.jobs import Job
from shared.db.predictions import Labelled
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
    but an accepted prediction on its way is left waiting; that prediction applies it. However many
    they are: the rows are read once, labelled by one statement, and the jobs ended by another.
    """
    unfinished = jobs.lock(connection, (), keys)
    coming = {_key(job) for job in unfinished if job.request.kind is Kind.PREDICT}
    updates = [job for job in unfinished if job.request.kind is Kind.UPDATE]
    if not updates:
        return []
    rows = predictions.labelled(connection, list({_key(job) for job in updates}))
    before = {key: row.seq for key, row in rows.items()}
    ended = []
    for job in updates:
        outcome = _outcome(job, classes, rows.get(_key(job)), _key(job) in coming)
        if outcome is not None:
            ended.append(Ended(job.reply_to, outcome))
    changed = {key: row for key, row in rows.items() if row.seq != before[key]}
    predictions.set_true_classes(connection, changed)
    jobs.finish(connection, [e.outcome for e in ended])
    return ended


def _outcome(
    job: Job, classes: Sequence[Any], found: Labelled | None, is_coming: bool
) -> Outcome | None:
    """What becomes of one update, whose row is labelled in memory; None when it has to wait."""
    request = job.request
    try:
        document = parse_object(request.body)
        true_class = recognise(document.get("true_class"), classes)
    except ClientFaultError as error:
        return Outcome.refused(request.request_id, error)
    if found is None:
        if is_coming:
            return None
        return Outcome(request.request_id, 200, does_not_exist(request.observation_id))
    found.apply(true_class, job.seq)
    # As it stands now: a later update of this very group may label it again.
    body = dict(found.row)
    unused = [name for name in document if name not in _KEYS]
    if unused:
        body["warnings"] = unused_key_warnings("the request has a key that is not used", unused)
    return Outcome(request.request_id, 200, body)


def _key(job: Job) -> str:
    return job.request.observation_id.key
