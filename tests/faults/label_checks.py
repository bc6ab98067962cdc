"""Is what really happened written beside what was predicted, and the later label always?

Labels apply in the order of their numbers. A job's is known. An update that was answered at once
is no job, and leaves its number in the row only as long as no later one labels it; but whatever was
sent after its answer has a higher one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tests.faults.books import Books, name
from tests.faults.evidence import Job, Row
from tests.faults.problem import Problem, doubled, lost, wrong
from tests.faults.record import Record


def check_labels(books: Books) -> Iterator[Problem]:
    """Each row's label against the updates of its observation, and each update's answer against its
    row."""
    for key in {*books.rows, *books.updates, *books.labels}:
        yield from _check_label(books, key)
    for records in books.updates.values():
        for record in records:
            yield from _check_update(books, record)


def _check_label(books: Books, key: str) -> Iterator[Problem]:
    row, updates = books.row(key), books.updates.get(key, [])
    applied = [update for update in updates if _applied(books, update)]
    if row is None:
        if applied:
            yield lost(f"observation {key!r} was labelled, and has no row")
        return
    possible = [u for u in updates if u in applied or _perhaps_applied(books, u)]
    latest = [
        update for update in possible if not any(_before(books, update, other) for other in applied)
    ]
    if row.true_class is None:
        if applied:
            yield lost(f"observation {key!r} has no label, after {name(applied[-1])}")
    elif not possible:
        yield wrong(f"observation {key!r} has a label that no update gave it")
    elif row.true_class not in [update.ask.true_class for update in latest]:
        older = row.true_class in [update.ask.true_class for update in possible]
        found = f"observation {key!r}: its label is {row.true_class!r}, and the last that "
        found += f"was accepted is {latest[-1].ask.true_class!r}"
        yield doubled(found) if older else lost(found)
    yield from _check_number(books, row)


def _check_number(books: Books, row: Row) -> Iterator[Problem]:
    """The number in a row is that of its label, and no job that was applied has a higher one."""
    for job in books.labels.get(row.key, ()):
        if job.seq == row.label_seq and json.loads(job.body)["true_class"] != row.true_class:
            yield wrong(f"observation {row.key!r}: its label is not that of its number {job.seq}")
        ended_well = job.status == "succeeded" and "error" not in job.outcome
        if ended_well and job.seq > (row.label_seq or 0):
            yield lost(f"observation {row.key!r}: job {job.job_id} is later than its label")


def _applied(books: Books, update: Record) -> bool:
    """Whether an update is known to have labelled its row."""
    job = _job(books, update)
    if job is not None and job.status == "succeeded" and "error" not in job.outcome:
        return True
    return update.status == 200 and "error" not in (update.body or {})


def _perhaps_applied(books: Books, update: Record) -> bool:
    """Whether nobody was told what became of an update: a worker may have done it."""
    return update.absence is not None or update.status == 504


def _before(books: Books, one: Record, other: Record) -> bool:
    """Whether one update is known to have a lower number than another."""
    mine, theirs = _job(books, one), _job(books, other)
    if mine is not None and theirs is not None:
        return mine.seq < theirs.seq
    return one.absence is None and one.ended_at < other.sent_at


def _job(books: Books, update: Record) -> Job | None:
    found: Sequence[Job] = books.jobs_of.get(update.ask.number, ())
    return found[0] if found else None


def _check_update(books: Books, record: Record) -> Iterator[Problem]:
    if record.status == 200:
        body = record.body or {}
    elif record.status == 202:
        job = books.job(record)
        if job is None or job.status != "succeeded":
            return  # check_answers says so
        body = job.outcome
    else:
        return
    row = books.row(record.ask.key)
    if "error" in body:
        earlier = _promised_before(books, record)
        if earlier is not None:
            yield lost(f"{name(record)}: {body['error']}, after {name(earlier)}")
    elif row is None:
        yield lost(f"{name(record)}: shows {body}, and there is no row")
    elif body.get("proba") != row.proba:
        yield doubled(f"{name(record)}: says {body.get('proba')!r} for a row of {row.proba!r}")
    else:
        yield from _check_shown(books, record, body, row)


def _check_shown(books: Books, record: Record, body: dict[str, Any], row: Row) -> Iterator[Problem]:
    """An update is shown its row with its own label, or with one that was accepted after it."""
    maker = books.by_number.get(row.maker or -1)
    first_sent = maker.ask.observation_id if maker else None
    shown = (body.get("id"), body.get("observation_id"), body.get("observation"))
    if shown != (row.number, first_sent, row.body):
        yield wrong(f"{name(record)}: shows the row {shown}")
    others = books.updates.get(record.ask.key, ())
    later = [other.ask.true_class for other in others if not _before(books, other, record)]
    if body.get("true_class") not in (record.ask.true_class, *later):
        text = f"shows the label {body.get('true_class')!r}, not {record.ask.true_class!r}"
        yield wrong(f"{name(record)}: {text}")


def _promised_before(books: Books, update: Record) -> Record | None:
    """A prediction of this observation that was accepted before the update was sent."""
    for record in books.predictions.get(update.ask.key, ()):
        if record.accepted and not record.ask.trap and record.ended_at < update.sent_at:
            return record
    return None
