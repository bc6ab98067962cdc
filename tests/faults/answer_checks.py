"""Was everybody answered, in time, and with something that the contract knows?"""

from __future__ import annotations

from collections.abc import Iterator

from shared.queue.messages import Kind
from tests.faults.bodies import is_error, is_nobody, is_prediction, is_row
from tests.faults.books import Books, name
from tests.faults.patience import REFUSED_WITHIN, SYNC_WAIT
from tests.faults.problem import Problem, hung, lost, wrong
from tests.faults.record import Absence, Record
from tests.faults.traps import RAISERS

# What a trap that takes the process down ends as; one that only raises says what it raised.
SET_ASIDE = "set aside after 3 tries"
# A synchronous request's wait, and then the time to promise it or to refuse that.
LONGEST = SYNC_WAIT + REFUSED_WITHIN


def check_answers(books: Books) -> Iterator[Problem]:
    """Every request by itself: its status, its whole body, its Retry-After, its trap's end."""
    for record in books.all():
        if record.absence is Absence.TIMEOUT:
            yield hung(f"{name(record)}: no answer after {record.seconds:.1f} s")
        elif record.absence is Absence.BROKEN and not books.was_ended(record):
            yield wrong(f"{name(record)}: no answer, though its gateway was not ended")
        elif record.absence is None:
            seconds = books.judged_seconds(record)
            if seconds > LONGEST:
                yield hung(f"{name(record)}: answered after {seconds:.1f} s")
            yield from _check_status(books, record)


def _check_status(books: Books, record: Record) -> Iterator[Problem]:
    if record.body is None:
        yield wrong(f"{name(record)}: the answer is no JSON object")
    elif record.refused:
        yield from _check_refusal(books, record, record.body)
    elif record.status == 422:
        if not record.ask.trap or not is_error(record.body):
            yield wrong(f"{name(record)}: {record.body}")
        else:
            yield from _check_reason(record, str(record.body["error"]))
    elif record.status == 202:
        yield from _check_job(books, record, record.body)
    elif record.status != 200:
        yield wrong(f"{name(record)}: {record.body}")
    elif record.ask.trap and record.ask.kind is Kind.PREDICT:
        yield wrong(f"{name(record)}: was answered {record.body}")
    elif not _is_whole(record, record.body):
        yield wrong(f"{name(record)}: its body is {record.body}")


def _is_whole(record: Record, body: dict[str, object]) -> bool:
    if record.ask.kind is Kind.PREDICT:
        return is_prediction(record.ask, body)
    return is_row(body) or is_nobody(record.ask, body)


def _check_refusal(books: Books, record: Record, body: dict[str, object]) -> Iterator[Problem]:
    if not books.may_be_refused(record):
        yield wrong(f"{name(record)}: refused though nothing was away: {body}")
    if record.status == 503 and _came_of(books, record):
        yield wrong(f"{name(record)}: was told that nothing was stored or promised")
    if not is_error(body, also=("job_id",) if record.status == 504 else ()):
        yield wrong(f"{name(record)}: its body is {body}")
    if not (record.retry_after or "").isdigit():
        yield wrong(f"{name(record)}: Retry-After is {record.retry_after!r}")


def _came_of(books: Books, record: Record) -> bool:
    """Whether this very request has a row or a job."""
    number = record.ask.number
    made = any(row.maker == number for row in books.rows.get(record.ask.key, ()))
    return made or number in books.jobs_of


def _check_job(books: Books, record: Record, body: dict[str, object]) -> Iterator[Problem]:
    if body != {"job_id": body.get("job_id"), "status": "queued"}:
        yield wrong(f"{name(record)}: its body is {body}")
    job = books.job(record)
    if job is None:
        yield lost(f"{name(record)}: there is no job {body.get('job_id')}")
    elif job.maker != record.ask.number:
        yield wrong(f"{name(record)}: was promised the job of request {job.maker}")
    elif not job.final:
        pass  # counted once, with all jobs that have not ended
    elif record.ask.trap:
        if job.status != "failed" or job.status_code != 422:
            yield wrong(f"{name(record)}: its job {job.status} with {job.outcome}")
        else:
            yield from _check_reason(record, str(job.outcome.get("error")))
    elif job.status != "succeeded":
        yield lost(f"{name(record)}: its job {job.status} with {job.outcome}")


def _check_reason(record: Record, error: str) -> Iterator[Problem]:
    if record.ask.trap in RAISERS:
        if "the model cannot take this observation" not in error:
            yield wrong(f"{name(record)}: the reason is {error!r}")
    elif not error.startswith(SET_ASIDE):
        yield wrong(f"{name(record)}: the reason is {error!r}")
