"""Books to be cooked: a history in which everything is right, and ways to do something to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.queue.messages import Kind
from tests.faults.bodies import WARNINGS
from tests.faults.books import Books
from tests.faults.evidence import Evidence, Job, Row
from tests.faults.record import Absence, Ask, Record

ALICE, BOB = {"Age": 30.0}, {"Age": 40.0}
# What the oracle of these books says of either.
SAYS = {30.0: 0.25, 40.0: 0.75}
PROBA = SAYS[30.0]
GATEWAY, OTHER_GATEWAY = ("127.0.0.1", 1), ("127.0.0.1", 2)


def exists(key: str) -> dict[str, Any]:
    """What is added to the answer of whoever was not the first."""
    return {"error": f'Observation ID: "{key}" already exists'}


def said(proba: float = PROBA, **more: Any) -> dict[str, Any]:
    """A prediction's body."""
    return {"proba": proba, **more, "warnings": WARNINGS}


def shown(of: Record, label: int, number: int, **more: Any) -> dict[str, Any]:
    """A row as an update is shown it: the row `number`, which a prediction made."""
    return {
        "id": number, "observation_id": of.ask.observation_id,
        "observation": of.ask.body.decode(), "proba": PROBA, "true_class": label,
        "predicted_at": "2026-01-01T00:00:00.000000Z",
        "true_class_at": "2026-01-01T00:00:01.000000Z", "model_version": "v", "model_name": "m",
        "warnings": WARNINGS,
        **more,
    }  # fmt: skip


def predicted(number: int, key: str, status: int | None = 200, **more: Any) -> Record:
    """A prediction, by default answered synchronously."""
    observation = more.pop("observation", ALICE)
    trap = more.pop("trap", None)
    ask = Ask(number, Kind.PREDICT, key, observation, None, status == 202, trap)
    promise = {"job_id": f"job {number}", "status": "queued"}
    body = {200: said(), 202: promise}.get(status or 0, {})
    gateway = more.pop("gateway", GATEWAY)
    found = Record(ask, number, number + 0.5, status, more.pop("body", body), gateway=gateway)
    return replace(found, **more)


def labelled(number: int, key: str, label: int, status: int = 200, **more: Any) -> Record:
    """An update."""
    ask = Ask(number, Kind.UPDATE, key, None, label, status == 202)
    promise = {"job_id": f"job {number}", "status": "queued"}
    body = shown(FIRST, label, 1) if status == 200 else promise
    return Record(ask, number, number + 0.5, status, more.pop("body", body), gateway=GATEWAY)


def row(record: Record, **more: Any) -> Row:
    """The row that a request made."""
    made = Row(record.ask.key, record.ask.body.decode(), PROBA, None, f"job {record.ask.number}", 1)
    return replace(made, **more)


def job(record: Record, **more: Any) -> Job:
    """The job of a request, ended well."""
    ask = record.ask
    number = ask.number
    outcome = said() if ask.kind is Kind.PREDICT else shown(FIRST, ask.true_class or 0, 1)
    made = Job(
        number, f"job {number}", ask.kind, "succeeded", ask.key, ask.body.decode(), 1, 200, outcome,
    )  # fmt: skip
    return replace(made, **more)


FIRST = predicted(1, "a")
TWIN = predicted(2, "a", body=said(**exists("a")), observation=BOB)
PROMISED = predicted(3, "b", 202)
LABEL = labelled(4, "a", 1)
LATER = labelled(5, "a", 0, 202)
UNANSWERED = predicted(6, "c", None, absence=Absence.BROKEN)
REFUSED = predicted(7, "d", 503, body={"error": "away"}, retry_after="2")
AGAIN = predicted(8, "c")
TRAPPED = predicted(9, "e", 422, trap="exit", body={"error": "set aside after 3 tries: it died"})


def books() -> Books:
    """A history in which everything is right."""
    labelled_row = row(FIRST, true_class=0, label_seq=LATER.ask.number)
    before = Evidence((labelled_row, row(PROMISED, number=2)), ())
    jobs = (job(PROMISED), job(LABEL), job(LATER))
    after = Evidence((*before.rows, row(AGAIN, number=3)), jobs)
    history = [FIRST, TWIN, PROMISED, LABEL, LATER, UNANSWERED, REFUSED, TRAPPED]
    ended, troubled = [(GATEWAY, 6.1)], [(7.1, 7.2)]
    return opened(Books(history, [AGAIN], before, after, _oracle, ended, troubled))


def _oracle(observation: dict[str, Any]) -> float:
    return SAYS[observation["Age"]]


def opened(found: Books, **changes: Any) -> Books:
    """The same books with something changed."""
    values = {
        name: getattr(found, name)
        for name in ("history", "again", "before", "after", "oracle", "ended", "troubled", "stalls")
    }
    return Books(**{**values, **changes})


def with_rows(change: Callable[[list[Row]], Any]) -> Books:
    """Everything right, and then something done to the rows."""
    found = books()
    rows = list(found.after.rows)
    change(rows)
    return opened(found, after=Evidence(tuple(rows), found.after.jobs))


def with_job(of: Record, **changes: Any) -> Books:
    """Everything right, and then something done to one job; `gone` takes it away."""
    found = books()
    gone = changes.pop("gone", False)
    jobs = [
        replace(j, **changes) if j.maker == of.ask.number else j
        for j in found.after.jobs
        if not (gone and j.maker == of.ask.number)
    ]
    return opened(found, after=Evidence(found.after.rows, tuple(jobs)))


def with_record(of: Record, **changes: Any) -> Books:
    """Everything right, and then something done to one answer."""
    found = books()
    history = [replace(r, **changes) if r is of else r for r in found.history]
    again = [replace(r, **changes) if r is of else r for r in found.again]
    return opened(found, history=history, again=again)


def also(*records: Record, rows: tuple[Row, ...] = (), jobs: tuple[Job, ...] = ()) -> Books:
    """Everything right, and then something more."""
    found = books()
    after = Evidence((*found.after.rows, *rows), (*found.after.jobs, *jobs))
    return opened(found, history=[*found.history, *records], after=after)


def changed(place: int, **changes: Any) -> Callable[[list[Row]], None]:
    """Does something to one row."""

    def change(rows: list[Row]) -> None:
        rows[place] = replace(rows[place], **changes)

    return change
