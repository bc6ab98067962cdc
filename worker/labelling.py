"""Updates: what really happened is written beside what was predicted.

An update has a number, drawn when it came: a label never replaces one of a higher number. So an
update may be applied twice without harm, and one whose client has waited long enough becomes a job
of that same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.answers import does_not_exist, unused_keys, with_warnings
from shared.db import jobs, labels, predictions
from shared.db.job_rows import Job
from shared.db.labels import Labelled
from shared.errors import ClientFaultError
from shared.queue.messages import Kind, Lane, Outcome, Request
from shared.strict_json import parse_object
from worker.model.answering import Answering
from worker.scoring.true_class import recognise


@dataclass(frozen=True, slots=True)
class Ended:
    """An update that ended, and the gateway process that may wait for it."""

    reply_to: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Update:
    """One update to apply, and the gateway process that may wait for it."""

    number: int
    request: Request
    reply_to: str | None


def apply_group(
    connection: Connection,
    requests: Sequence[Request],
    reply_to: str | None,
    answering: Answering,
) -> list[Ended]:
    """Apply the updates of a group, which came from this gateway, together with the unfinished
    ones of their observations.

    Those that are no jobs are applied as they are, unless they became jobs meanwhile. One that has
    to wait for a prediction becomes a job here.
    """
    keys = list({_key(r) for r in requests})
    direct = [r for r in requests if not r.accepted]
    if not direct:
        return apply(connection, keys, answering)
    predictions.hold_storing(connection)
    ids = [r.request_id for r in direct]
    promised = jobs.any_of(connection, ids, keys)
    locked = jobs.lock(connection, ids, keys) if promised else []
    by_now = {job.request.request_id for job in locked}
    updates = [_Update(r.number or 0, r, reply_to) for r in direct if r.request_id not in by_now]
    ended, waiting = _apply(connection, updates, locked, answering)
    # The prediction that they wait for applies them.
    jobs.accept(connection, waiting, Lane.INTERACTIVE, reply_to)
    return ended


def apply(connection: Connection, keys: Sequence[str], answering: Answering) -> list[Ended]:
    """Apply the unfinished updates of these observations, in the order of their acceptance.

    Whichever of their messages comes first brings all of them. One whose observation has no row
    but an accepted prediction on its way is left waiting; that prediction applies it.
    """
    return _apply(connection, (), jobs.lock(connection, (), keys), answering)[0]


def _apply(
    connection: Connection,
    direct: Sequence[_Update],
    locked: Sequence[Job],
    answering: Answering,
) -> tuple[list[Ended], list[Request]]:
    """Apply updates that are no jobs, and those among these jobs that are unfinished. Returns those
    that ended, and the requests of those that are no jobs and have to wait.

    However many they are: the rows are read once, labelled by one statement, and the jobs ended by
    another.
    """
    unfinished = [job for job in locked if not job.status.final]
    coming = {_key(job.request) for job in unfinished if job.request.kind is Kind.PREDICT}
    promised = [
        _Update(job.seq, job.request, job.reply_to)
        for job in unfinished
        if job.request.kind is Kind.UPDATE
    ]
    updates = sorted([*direct, *promised], key=lambda update: update.number)
    if not updates:
        return [], []
    rows = labels.labelled(connection, list({_key(update.request) for update in updates}))
    before = {key: row.seq for key, row in rows.items()}
    ended, waiting = [], []
    for update in updates:
        key = _key(update.request)
        outcome = _outcome(update, answering, rows.get(key), key in coming)
        if outcome is not None:
            ended.append(Ended(update.reply_to, outcome))
        elif not update.request.accepted:
            waiting.append(update.request)
    changed = {key: row for key, row in rows.items() if row.seq != before[key]}
    labels.set_true_classes(connection, changed)
    ids = {update.request.request_id for update in promised}
    jobs.finish(connection, [e.outcome for e in ended if e.outcome.request_id in ids])
    return ended, waiting


def _outcome(
    update: _Update, answering: Answering, found: Labelled | None, is_coming: bool
) -> Outcome | None:
    """What becomes of one update, whose row is labelled in memory; None when it has to wait."""
    request = update.request
    try:
        document = parse_object(request.body)
        true_class = recognise(document.get("true_class"), answering)
    except ClientFaultError as error:
        return Outcome.refused(request.request_id, error)
    if found is None:
        if is_coming:
            return None
        body = does_not_exist(request.observation_id)
    else:
        found.apply(true_class, update.number)
        # As it stands now: a later update of this very group may label it again.
        body = dict(found.row)
    warnings = unused_keys(request.kind, document)
    return Outcome(request.request_id, 200, with_warnings(body, warnings))


def _key(request: Request) -> str:
    return request.observation_id.key
