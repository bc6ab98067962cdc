"""Books that were cooked so that only the pipeline, a whole body, a gateway's name or a clock gives
them away. Each is caught, and for what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.faults.account import account
from tests.faults.books import Books
from tests.faults.cooked import (
    FIRST,
    LABEL,
    LATER,
    OTHER_GATEWAY,
    PROBA,
    PROMISED,
    REFUSED,
    TWIN,
    UNANSWERED,
    also,
    books,
    changed,
    exists,
    job,
    labelled,
    opened,
    predicted,
    row,
    said,
    shown,
    with_job,
    with_record,
    with_rows,
)  # fmt: skip
from tests.faults.evidence import Evidence
from tests.faults.metronome import Stall
from tests.faults.problem import Sort
from tests.faults.record import Record
from tests.faults.strike import Strike, check_strikes


def _mirrored() -> Books:
    """A worker that answers `1 - p`, to everybody and in every row alike."""
    found = books()
    wrong = 1 - PROBA

    def body(of: dict[str, object] | None) -> dict[str, object] | None:
        return of | {"proba": wrong} if of and "proba" in of else of

    history = [replace(r, body=body(r.body)) for r in found.history]
    again = [replace(r, body=body(r.body)) for r in found.again]
    before = Evidence(tuple(replace(r, proba=wrong) for r in found.before.rows), ())
    rows = tuple(replace(r, proba=wrong) for r in found.after.rows)
    jobs = tuple(replace(j, outcome=body(j.outcome) or {}) for j in found.after.jobs)
    return opened(found, history=history, again=again, before=before, after=Evidence(rows, jobs))


def _without(body: dict[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in body.items() if key not in keys}


LATE = replace(FIRST, ended_at=FIRST.sent_at + 6.2)
NO_ROW = predicted(31, "g", 202)
CANCELLED = predicted(32, "i", 202)
UNHEARD = predicted(33, "j", 200, body=None)

COOKED: dict[str, tuple[Callable[[], Books], Sort, str]] = {
    "a worker that answers 1 - p": (_mirrored, Sort.WRONG, "the pipeline says 0.25"),
    "a row with another passenger's probability": (
        lambda: with_rows(changed(2, proba=0.75)), Sort.WRONG, "the pipeline says 0.25",
    ),
    "an answer with another passenger's probability": (
        lambda: with_record(FIRST, body=said(0.75)), Sort.WRONG, "the pipeline says 0.25",
    ),
    "a job with another passenger's probability": (
        lambda: with_job(PROMISED, outcome=said(0.75)), Sort.WRONG, "the pipeline says 0.25",
    ),
    "an empty 200": (lambda: with_record(FIRST, body={}), Sort.WRONG, "its body is {}"),
    "a 200 with an error that no contract knows": (
        lambda: with_record(FIRST, body={"error": "boom"}), Sort.WRONG, "its body is",
    ),
    "a probability that is a whole number": (
        lambda: with_record(FIRST, body={**said(), "proba": 1}), Sort.WRONG, "its body is",
    ),
    "a probability beyond one": (
        lambda: with_record(FIRST, body=said(1.5)), Sort.WRONG, "its body is",
    ),
    "a 200 without its warning": (
        lambda: with_record(FIRST, body={"proba": PROBA}), Sort.WRONG, "its body is",
    ),
    "a 200 with something more": (
        lambda: with_record(FIRST, body=said(extra=1)), Sort.WRONG, "its body is",
    ),
    "another id said to exist": (
        lambda: with_record(TWIN, body=said(**exists("b"))), Sort.WRONG, "its body is",
    ),
    "an update that is answered as a prediction": (
        lambda: with_record(LABEL, body=said()), Sort.WRONG, "its body is",
    ),
    "an update without the time of its label": (
        lambda: with_record(LABEL, body=_without(shown(FIRST, 1, 1), "true_class_at")),
        Sort.WRONG, "its body is",
    ),
    "an update that shows another label": (
        lambda: with_record(LATER, status=200, body=shown(FIRST, 1, 1)),
        Sort.WRONG, "shows the label 1, not 0",
    ),
    "an update that shows no label": (
        lambda: with_record(LABEL, body=shown(FIRST, 1, 1, true_class=None)),
        Sort.WRONG, "shows the label None",
    ),
    "an update that shows another row": (
        lambda: with_record(LABEL, body=shown(FIRST, 1, 2)), Sort.WRONG, "shows the row",
    ),
    "an update that shows another body": (
        lambda: with_record(LABEL, body=shown(FIRST, 1, 1, observation="{}")),
        Sort.WRONG, "shows the row",
    ),
    "an update of an id that does not exist shows another's": (
        lambda: with_record(LABEL, body={"error": 'Observation ID: "b" does not exist'}),
        Sort.WRONG, "its body is",
    ),
    "a promise without its status": (
        lambda: with_record(PROMISED, body={"job_id": "job 3"}), Sort.WRONG, "its body is",
    ),
    "a promise of somebody else's job": (
        lambda: with_record(PROMISED, body={"job_id": "job 4", "status": "queued"}),
        Sort.WRONG, "was promised the job of request 4",
    ),
    "a job that succeeded without its row": (
        lambda: also(NO_ROW, jobs=(job(NO_ROW),)), Sort.LOST, "succeeded, and there is no row",
    ),
    "a job whose result is empty": (
        lambda: with_job(PROMISED, outcome={}), Sort.WRONG, "its job's result is {}",
    ),
    "a job that nobody heard of, with another result": (
        lambda: also(
            UNHEARD, rows=(row(UNHEARD, number=4),), jobs=(job(UNHEARD, outcome=said(0.5)),)
        ),
        Sort.WRONG, "its job says 0.5",
    ),
    "a job that made no row and does not say so": (
        lambda: with_rows(changed(1, request_id="another")), Sort.WRONG, "row made by another",
    ),
    "a job that nobody asked for": (
        lambda: also(jobs=(job(predicted(99, "z", 202)),)), Sort.WRONG, "nobody asked for it",
    ),
    "a job under another id": (
        lambda: with_job(PROMISED, key="a"), Sort.WRONG, "nobody asked for it",
    ),
    "a good job that failed, and nobody heard of": (
        lambda: also(
            replace(UNHEARD, status=504, body={"error": "?"}),
            jobs=(job(UNHEARD, status="failed", outcome={"error": "the process died"}),),
        ),
        Sort.LOST, "its observation is good",
    ),
    "a job that was cancelled by nobody": (
        lambda: also(CANCELLED, jobs=(job(CANCELLED, status="cancelled", outcome={}),)),
        Sort.WRONG, "was cancelled",
    ),
    "a request with two jobs": (
        lambda: also(jobs=(replace(job(PROMISED), seq=90, job_id="job 90"),)),
        Sort.WRONG, "has 2 jobs",
    ),
    "an update's job that shows no row": (
        lambda: with_job(LATER, outcome={"ok": True}), Sort.WRONG, "its job's result is",
    ),
    "a 503 with nothing away": (
        lambda: opened(books(), troubled=[]), Sort.WRONG, "refused though nothing was away",
    ),
    "a 504 with nothing away": (
        lambda: opened(with_record(REFUSED, status=504), troubled=[(0.0, 6.9), (7.6, 9.0)]),
        Sort.WRONG, "refused though nothing was away",
    ),
    "a 503 without a reason": (
        lambda: with_record(REFUSED, body={}), Sort.WRONG, "its body is {}",
    ),
    "a 503 that names a job": (
        lambda: with_record(REFUSED, body={"error": "away", "job_id": "x"}),
        Sort.WRONG, "its body is",
    ),
    "a connection that broke to a gateway that lives": (
        lambda: with_record(UNANSWERED, gateway=OTHER_GATEWAY), Sort.WRONG, "was not ended",
    ),
    "a connection that broke before its gateway was ended": (
        lambda: with_record(UNANSWERED, ended_at=6.05), Sort.WRONG, "was not ended",
    ),
    "an answer a little later than was promised": (
        lambda: with_record(FIRST, ended_at=LATE.ended_at), Sort.HUNG, "answered after 6.2 s",
    ),
    "a row without the request that made it": (
        lambda: with_rows(changed(2, request_id=None)), Sort.WRONG, "its row has id",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COOKED)
def test_is_caught(name: str) -> None:
    """Each kind, for what it is."""
    make, sort, text = COOKED[name]
    found = account(make())
    assert [p for p in found if p.sort is sort and text in p.text], [str(p) for p in found]


def test_what_kept_the_client_from_running_is_not_the_services_doing() -> None:
    """And that much is forgiven, not more."""
    late = with_record(FIRST, ended_at=LATE.ended_at)
    assert not account(opened(late, stalls=[Stall(FIRST.sent_at + 3.0, 0.3)]))
    assert account(opened(late, stalls=[Stall(FIRST.sent_at + 3.0, 0.1)]))
    # At another time than the request.
    assert account(opened(late, stalls=[Stall(FIRST.sent_at - 1.0, 3.0)]))


@pytest.mark.parametrize(
    ("strikes", "shown_otherwise", "text"),
    [
        ([Strike("it is killed", 1.2)], [], None),
        ([Strike("it is killed", 1.6)], [], "it is killed: no request was under way"),
        ([Strike("one is killed", 1.2, FIRST.gateway)], [], None),
        ([Strike("one is killed", 1.2, OTHER_GATEWAY)], [], "one is killed: no request"),
        ([Strike("it is killed", 1.2), Strike("again", 1.9)], [], "again: no request"),
        ([], [], "did not show that its fault met anything"),
        ([], ["12 messages were destroyed"], None),
    ],
)
def test_a_fault_has_to_meet_something(
    strikes: Sequence[Strike], shown_otherwise: Sequence[str], text: str | None
) -> None:
    """A request under way, at the gateway that the fault was made to."""
    records: list[Record] = [FIRST]
    found = [problem.text for problem in check_strikes(strikes, shown_otherwise, records)]
    assert (text is None and not found) or (text is not None and text in found[0]), found


def test_an_update_may_show_what_was_accepted_after_it() -> None:
    """A label that is brought late finds a later one in its place, and is shown that."""
    late = labelled(40, "a", 1)
    older = replace(job(late), seq=4)
    shows_later = replace(late, body=shown(FIRST, 0, 1))
    found = also(shows_later, jobs=(older,))
    assert not account(found), [str(p) for p in account(found)]
