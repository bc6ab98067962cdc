"""Has every accepted job ended, with the result that its request deserves?"""

from __future__ import annotations

from collections.abc import Iterator

from shared.queue.messages import Kind
from tests.faults.bodies import is_nobody, is_prediction, is_row
from tests.faults.books import Books, name
from tests.faults.evidence import Job
from tests.faults.problem import Problem, lost, wrong
from tests.faults.record import Record


def check_jobs(books: Books) -> Iterator[Problem]:
    """Every job of the ledger, whether its promise was heard or not."""
    for job in books.after.jobs:
        record = books.by_number.get(job.maker or -1)
        said = f"job {job.job_id} ({job.kind} {job.key!r})"
        if not job.final:
            yield lost(f"{said} is still {job.status}")
        elif record is None or (record.ask.kind, record.ask.key) != (job.kind, job.key):
            yield wrong(f"{said}: nobody asked for it ({job.body[:200]})")
        elif job.status == "failed":
            if not job.outcome.get("error"):
                yield lost(f"{said} failed without a reason")
            elif not record.ask.trap:
                yield lost(f"{said} failed, and its observation is good: {job.outcome}")
        elif job.status != "succeeded":
            yield wrong(f"{said} was {job.status}, which nobody asked for")
        elif job.status_code != 200:
            yield wrong(f"{said} succeeded with status code {job.status_code}")
        elif record.ask.kind is Kind.PREDICT:
            yield from _check_prediction(books, job, record)
        elif not is_row(job.outcome) and not is_nobody(record.ask, job.outcome):
            yield wrong(f"{name(record)}: its job's result is {job.outcome}")
    for number, jobs in books.jobs_of.items():
        if len(jobs) > 1:
            yield wrong(f"request {number} has {len(jobs)} jobs")


def _check_prediction(books: Books, job: Job, record: Record) -> Iterator[Problem]:
    """A job that succeeded has its row: it made it, or says that somebody else did."""
    if not is_prediction(record.ask, job.outcome):
        yield wrong(f"{name(record)}: its job's result is {job.outcome}")
        return
    row = books.row(job.key)
    if row is None:
        yield lost(f"{name(record)}: its job succeeded, and there is no row")
        return
    if row.proba != job.outcome["proba"]:
        yield wrong(f"{name(record)}: its job says {job.outcome['proba']!r}, not {row.proba!r}")
    if (row.request_id == job.job_id) == ("error" in job.outcome):
        yield wrong(f"{name(record)}: its job says {job.outcome}, row made by {row.request_id}")
