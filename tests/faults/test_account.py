"""The account itself: a check that cannot fail shows nothing, so each is fed its fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.account import account
from tests.faults.books import Books
from tests.faults.cooked import (
    AGAIN,
    ALICE,
    FIRST,
    LABEL,
    PROBA,
    PROMISED,
    REFUSED,
    TRAPPED,
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
from tests.faults.problem import Sort
from tests.faults.record import Absence, Record

BAD_TRAP = predicted(20, "t", 422, trap="exit", body={"error": "no"})
SAME_SCORE = predicted(21, "s", body=said(0.5))
STRANGER = predicted(22, "nobody")
MISSING_LABEL = labelled(23, "zzz", 1)
HAS_ROW = predicted(25, "h", 503, body={"error": "away"}, retry_after="2")
REFUSED_LABEL = replace(labelled(26, "a", 0, 503), retry_after="2")
TOO_EARLY = labelled(24, "b", 1, body={"error": 'Observation ID: "b" does not exist'})
TRAP_ROW = predicted(25, "u", 422, trap="exit", body={"error": "set aside after 3 tries"})
TRAP_JOB = predicted(26, "v", 202, trap="hang")
EVERYBODY_SECOND = predicted(27, "w", body=said(**exists("w")))

# Updates of the observation that `PROMISED` has made a row of.
AT_ONCE = labelled(40, "b", 1, body=shown(PROMISED, 1, 2))
CORRECTED = labelled(41, "b", 0, body=shown(PROMISED, 0, 2))
BESIDE = replace(CORRECTED, sent_at=40.1)
UNHEARD = replace(AT_ONCE, status=None, body=None, absence=Absence.LEFT)


def labelled_at_once(*updates: Record, **label: Any) -> Books:
    """Everything right, and then these updates, none of them a job, and a label."""
    found = also(*updates)
    rows = list(found.after.rows)
    changed(1, **label)(rows)
    return opened(found, after=Evidence(tuple(rows), found.after.jobs))


FAULTS: dict[str, tuple[Callable[[], Books], Sort, str]] = {
    "a row is lost": (lambda: with_rows(lambda r: r.pop(0)), Sort.LOST, "there is no row"),
    "a row is gone": (lambda: with_rows(lambda r: r.pop(1)), Sort.LOST, "its row is gone"),
    "a row is doubled": (lambda: with_rows(lambda r: r.append(r[0])), Sort.DOUBLED, "2 rows"),
    "a row was replaced": (
        lambda: with_rows(changed(0, request_id="other")), Sort.DOUBLED, "was replaced",
    ),
    "a probability changed": (
        lambda: with_rows(changed(0, proba=0.5)), Sort.DOUBLED, "the row holds 0.5",
    ),
    "a probability changed in its last digit": (
        lambda: with_record(TWIN, body=said(PROBA + 1e-16, **exists("a"))),
        Sort.DOUBLED, "the row holds",
    ),
    "one observation has two scores": (
        lambda: also(SAME_SCORE, rows=(row(SAME_SCORE, proba=0.5),)),
        Sort.WRONG, "the pipeline says 0.25",
    ),
    "two are told that they were first": (
        lambda: with_record(TWIN, body=said()), Sort.DOUBLED, "answered as the first",
    ),
    "the first is told that it exists": (
        lambda: with_record(FIRST, body=said(**exists("a"))),
        Sort.WRONG, "made the row",
    ),
    "a job says that its own row exists": (
        lambda: with_job(PROMISED, outcome=said(**exists("b"))),
        Sort.WRONG, "made the row",
    ),
    "everybody is told that it exists": (
        lambda: also(EVERYBODY_SECOND, rows=(row(EVERYBODY_SECOND),)), Sort.WRONG, "made the row",
    ),
    "a row that nobody asked for": (
        lambda: also(rows=(row(STRANGER),)), Sort.WRONG, "nobody asked",
    ),
    "a row of another body": (
        lambda: with_rows(changed(1, body=json.dumps({"observation": ALICE, "request": 3}))),
        Sort.WRONG, "does not hold the body",
    ),
    "a job is missing": (lambda: with_job(PROMISED, gone=True), Sort.LOST, "there is no job"),
    "a job is stuck": (lambda: with_job(PROMISED, status="running"), Sort.LOST, "still running"),
    "a promise that nobody heard is stuck": (
        lambda: also(jobs=(job(UNANSWERED, status="queued"),)), Sort.LOST, "still queued",
    ),
    "a job failed": (
        lambda: with_job(PROMISED, status="failed", outcome={"error": "no"}),
        Sort.LOST, "its job failed",
    ),
    "a job failed without a reason": (
        lambda: also(jobs=(job(UNANSWERED, status="failed", outcome={}),)),
        Sort.LOST, "without a reason",
    ),
    "a job's result is another": (
        lambda: with_job(PROMISED, outcome=said(0.5)), Sort.DOUBLED, "the row holds",
    ),
    "nobody answered": (
        lambda: opened(books(), ended=[]), Sort.WRONG, "was not ended",
    ),
    "somebody waited without end": (
        lambda: with_record(UNANSWERED, absence=Absence.TIMEOUT), Sort.HUNG, "no answer after",
    ),
    "somebody waited for too long": (
        lambda: with_record(FIRST, ended_at=100.0), Sort.HUNG, "answered after",
    ),
    "a 500": (lambda: with_record(FIRST, status=500), Sort.WRONG, "500"),
    "no JSON": (lambda: with_record(FIRST, body=None), Sort.WRONG, "no JSON object"),
    "a 422 for a good row": (lambda: with_record(FIRST, status=422), Sort.WRONG, "422"),
    "a 503 without Retry-After": (
        lambda: with_record(REFUSED, retry_after=None), Sort.WRONG, "Retry-After",
    ),
    "a 504 without Retry-After": (
        lambda: with_record(REFUSED, retry_after=None, status=504), Sort.WRONG, "Retry-After",
    ),
    "a 503 that has a row": (
        lambda: also(HAS_ROW, rows=(row(HAS_ROW),)), Sort.WRONG, "nothing was stored",
    ),
    "a 503 that has a job": (
        lambda: also(REFUSED_LABEL, jobs=(job(REFUSED_LABEL),)), Sort.WRONG, "nothing was stored",
    ),
    "a trap that was answered": (
        lambda: with_record(TRAPPED, status=200), Sort.WRONG, "was answered",
    ),
    "a trap that has a row": (
        lambda: also(TRAP_ROW, rows=(row(TRAP_ROW),)), Sort.WRONG, "has a row",
    ),
    "a trap for another reason": (lambda: also(BAD_TRAP), Sort.WRONG, "the reason is 'no'"),
    "a trap whose job succeeded": (
        lambda: also(TRAP_JOB, jobs=(job(TRAP_JOB),)), Sort.WRONG, "its job succeeded",
    ),
    "sent again, and refused": (lambda: with_record(AGAIN, status=503), Sort.LOST, "sent again"),
    "a label is lost": (
        lambda: with_rows(changed(0, true_class=None)), Sort.LOST, "has no label",
    ),
    "an older label came back": (
        lambda: with_rows(changed(0, true_class=1)), Sort.DOUBLED, "its label is 1",
    ),
    "a label that nobody gave": (
        lambda: with_rows(changed(1, true_class=1)), Sort.WRONG, "no update gave it",
    ),
    "a label without a row": (
        lambda: also(MISSING_LABEL, jobs=(job(MISSING_LABEL),)), Sort.LOST, "has no row",
    ),
    "a label that was answered at once is lost": (
        lambda: also(AT_ONCE), Sort.LOST, "has no label",
    ),
    "an older label came back, answered at once": (
        lambda: labelled_at_once(AT_ONCE, CORRECTED, true_class=1, label_seq=40),
        Sort.DOUBLED, "its label is 1",
    ),
    "another label than that of its number": (
        lambda: with_rows(changed(0, true_class=0, label_seq=4)), Sort.WRONG, "not that of its",
    ),
    "a label of a lower number than a job's": (
        lambda: with_rows(changed(0, label_seq=3)), Sort.LOST, "is later than its label",
    ),
    "an update that shows the label before it": (
        lambda: labelled_at_once(
            AT_ONCE, replace(CORRECTED, body=shown(PROMISED, 1, 2)), true_class=0, label_seq=41
        ),
        Sort.WRONG, "shows the label 1, not 0",
    ),
    "an update that missed an accepted prediction": (
        lambda: also(TOO_EARLY, jobs=(job(TOO_EARLY, outcome=TOO_EARLY.body),)),
        Sort.LOST, "does not exist",
    ),
    "an update that shows another probability": (
        lambda: with_record(LABEL, body=shown(FIRST, 1, 1, proba=0.5)), Sort.DOUBLED, "says 0.5",
    ),
}  # fmt: skip


def test_nothing_is_wrong() -> None:
    """A history in which everything is right has no problem."""
    assert account(books()) == []


@pytest.mark.parametrize(
    ("updates", "stored"),
    [
        pytest.param([AT_ONCE], 1, id="answered"),
        pytest.param([AT_ONCE, CORRECTED], 0, id="one after the other"),
        pytest.param([AT_ONCE, BESIDE], 1, id="beside each other, the first stands"),
        pytest.param([AT_ONCE, BESIDE], 0, id="beside each other, the second stands"),
        pytest.param([UNHEARD], 1, id="unanswered, and applied"),
        pytest.param([UNHEARD], None, id="unanswered, and not applied"),
        pytest.param([UNHEARD, CORRECTED], 1, id="unanswered, and applied late"),
    ],
)
def test_an_update_needs_no_job(updates: list[Record], stored: int | None) -> None:
    """What was answered at once is judged by when it was asked and answered."""
    found = labelled_at_once(*updates, true_class=stored, label_seq=None if stored is None else 40)
    assert not account(found), [str(p) for p in account(found)]


@pytest.mark.parametrize("name", FAULTS)
def test_is_found(name: str) -> None:
    """Each fault is reported, for what it is."""
    make, sort, text = FAULTS[name]
    found = account(make())
    assert [p for p in found if p.sort is sort and text in p.text], [str(p) for p in found]
