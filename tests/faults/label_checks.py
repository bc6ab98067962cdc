"""Is what really happened written beside what was predicted, and the later label always?"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.faults.books import Books, name
from tests.faults.evidence import Job, Row
from tests.faults.problem import Problem, doubled, lost, wrong
from tests.faults.record import Record


def check_labels(books: Books) -> Iterator[Problem]:
    """Each row's label against the ledger, and each update's answer against its row."""
    applied: dict[str, list[Job]] = defaultdict(list)
    for job in books.after.jobs:
        if job.kind == "update" and job.status == "succeeded" and "error" not in job.outcome:
            applied[job.key].append(job)
    for key in {*books.rows, *applied}:
        row = books.row(key)
        jobs = sorted(applied[key], key=lambda job: job.seq)
        if row is None:
            yield lost(f"observation {key!r} was labelled, and has no row")
        elif not jobs:
            if row.true_class is not None:
                yield wrong(f"observation {key!r} has a label that no update gave it")
        elif row.true_class != _label(jobs[-1]):
            older = row.true_class in [_label(job) for job in jobs[:-1]]
            found = f"observation {key!r}: its label is {row.true_class!r}, and the last that "
            found += f"was accepted is {_label(jobs[-1])!r}"
            yield doubled(found) if older else lost(found)
    for records in books.updates.values():
        for record in records:
            yield from _check_update(books, record)


def _check_update(books: Books, record: Record) -> Iterator[Problem]:
    if record.status == 200:
        body = record.body or {}
        if not books.jobs_of.get(record.ask.number):
            yield lost(f"{name(record)}: is not in the ledger")
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
    mine = books.jobs_of.get(record.ask.number)
    others = books.labels.get(record.ask.key, ())
    later = [_label(job) for job in others if mine and job.seq > mine[0].seq]
    if body.get("true_class") not in (record.ask.true_class, *later):
        text = f"shows the label {body.get('true_class')!r}, not {record.ask.true_class!r}"
        yield wrong(f"{name(record)}: {text}")


def _promised_before(books: Books, update: Record) -> Record | None:
    """A prediction of this observation that was accepted before the update was sent."""
    for record in books.predictions.get(update.ask.key, ()):
        if record.accepted and not record.ask.trap and record.ended_at < update.sent_at:
            return record
    return None


def _label(job: Job) -> object:
    return json.loads(job.body)["true_class"]
