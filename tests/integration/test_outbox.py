"""Requests that were waited for long enough: what they left in the database, or the promise that is
made of them, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Connection

from api.acceptance.database_threads import DatabaseThreads
from api.acceptance.outbox import Outbox
from shared.db import job_numbers, job_rows, jobs, listing, predictions
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.predictions import Prediction
from shared.observation_id import ObservationId
from shared.queue.messages import Group, Kind, Lane, Outcome, Request
from shared.settings import Settings
from tests.answerings import classifier
from tests.integration.beside import behind
from worker import labelling

CLASSES = classifier(0, 1)
MAKER = Prediction("maker", ObservationId("a", True), "{}", 0.5, "v")


@dataclass
class Sent:
    """An outbox on a database, and the groups that left it."""

    database: Database
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Outbox(DatabaseThreads(self.database, 2), self._publish, "channel", 100)

    async def _publish(self, group: Group, lane: Lane) -> None:
        self.groups.append(group)

    def number(self, *requests: Request) -> list[Request]:
        """The same with their numbers."""
        numbers = job_numbers.draw_numbers(self.database, len(requests))
        return [replace(r, number=n) for r, n in zip(requests, numbers, strict=True)]

    def convert(self, request: Request) -> Outcome | None:
        return asyncio.run(self.outbox.convert(request))

    def apply(self, *requests: Request) -> None:
        self.database.write(lambda c: labelling.apply_group(c, requests, "channel", CLASSES))

    def job(self, request: Request) -> job_rows.Job | None:
        return self.database.read(lambda c: jobs.find(c, request.request_id))

    def labels(self) -> list[object]:
        rows = self.database.read(lambda c: listing.page(c, 0, listing.last_drawn(c), 100))
        return [row["true_class"] for row in rows]


@pytest.fixture(params=["sqlite", "postgres"])
def sent(request: pytest.FixtureRequest, new_database_url: Callable[[str], str]) -> Iterator[Sent]:
    """An outbox, and a row for "a" that the request "maker" made."""
    url = Settings.from_environment({"DATABASE_URL": new_database_url(request.param)}).database_url
    made = connect(url, connections=2, wait=10.0)
    migrate(made)
    made.write(lambda c: predictions.insert(c, [MAKER]))
    yield Sent(made)
    made.close()


def update(name: str, label: int, body: str = "") -> Request:
    text = body or f'{{"id": "a", "true_class": {label}}}'
    return Request(name, Kind.UPDATE, ObservationId("a", True), text)


def predict(name: str, body: str = "{}") -> Request:
    return Request(name, Kind.PREDICT, ObservationId("a", True), body)


def test_a_label_whose_reply_was_lost(sent: Sent) -> None:
    """It is found: the row with the warnings that the worker gave, and no job."""
    body = '{"id": "a", "true_class": 1, "colour": "red"}'
    (request,) = sent.number(update("labelling", 1, body))
    sent.apply(request)
    outcome = sent.convert(request)
    assert outcome is not None
    assert (outcome.status_code, outcome.body["true_class"]) == (200, 1)
    assert outcome.body["warnings"] == ["the request has a key that is not used: colour"]
    assert sent.job(request) is None


def test_an_update_that_nobody_took(sent: Sent) -> None:
    """It is a job under the number that it had, and published; whichever message comes first ends
    it, and a later label stands."""
    first, second = sent.number(update("first", 0), update("second", 1))
    assert (first.number or 0) < (second.number or 0)
    sent.apply(second)
    assert sent.convert(first) is None
    job = sent.job(first)
    assert job is not None
    assert job.seq == first.number
    assert [r.request_id for r in sent.groups[-1].requests] == ["first"]
    assert sent.groups[-1].requests[0].accepted
    for message in ((first,), sent.groups[-1].requests):
        sent.apply(*message)
        job = sent.job(first)
        assert job is not None
        assert job.status == "succeeded"
        assert sent.labels() == [1]


def test_an_update_that_never_left(sent: Sent) -> None:
    """It has no number, as a row has none that was never labelled: it is a job all the same."""
    assert sent.convert(update("numberless", 1)) is None
    sent.apply(*sent.groups[-1].requests)
    assert sent.labels() == [1]


def test_predictions_that_have_a_row(sent: Sent) -> None:
    """The request that made it gets its answer, another one that the id exists; none is a job."""
    mine, other = sent.convert(predict("maker")), sent.convert(predict("another"))
    assert mine == Outcome("maker", 200, {"proba": 0.5})
    assert other is not None
    assert other.body == {"proba": 0.5, "error": 'Observation ID: "a" already exists'}
    assert sent.job(predict("another")) is None


def test_a_prediction_with_a_row_and_a_key_that_is_not_used(sent: Sent) -> None:
    """Both answers warn of it, as the worker's would have."""
    warnings = ["the request has a key that is not used: colour"]
    for name in ("maker", "another"):
        outcome = sent.convert(predict(name, '{"id": "a", "observation": {}, "colour": "red"}'))
        assert outcome is not None
        assert outcome.body["warnings"] == warnings


def test_numbers_go_on_from_those_of_jobs(sent: Sent) -> None:
    """A number is given once, whether a job or an update draws it."""
    drawn: list[int] = []
    for round_ in range(3):
        requests = [update(f"{round_} {n}", 1) for n in range(2)]
        drawn += [r.number or 0 for r in sent.number(*requests)]
        promised = predict(f"job {round_}")
        sent.database.write(lambda c, r=promised: jobs.accept(c, [r], Lane.DEFERRED, None))  # type: ignore[misc]
        job = sent.job(promised)
        assert job is not None
        drawn.append(job.seq)
    assert drawn == sorted(set(drawn))


@pytest.fixture
def beside(new_database_url: Callable[[str], str]) -> Iterator[Sent]:
    """An outbox on PostgreSQL, where transactions run beside each other, and a row for "a"."""
    url = Settings.from_environment({"DATABASE_URL": new_database_url("postgres")}).database_url
    made = connect(url, connections=3, wait=10.0)
    migrate(made)
    made.write(lambda c: predictions.insert(c, [MAKER]))
    yield Sent(made)
    made.close()


def test_a_row_that_is_not_committed_yet(beside: Sent) -> None:
    """A request whose row is being stored becomes no job beside it: its conversion waits until the
    row is there, and finds it."""
    late = Request("late", Kind.PREDICT, ObservationId("late", True), "{}")

    def store(connection: Connection) -> None:
        predictions.hold_storing(connection)
        row = Prediction("late", late.observation_id, late.body, 0.5, "v")
        predictions.insert(connection, [row])

    found = behind(beside.database, store, lambda: beside.convert(late))
    assert found == Outcome("late", 200, {"proba": 0.5})
    assert beside.job(late) is None


def test_a_label_whose_update_is_becoming_a_job(beside: Sent) -> None:
    """The first message is applied when the job is there, and ends it."""
    (request,) = beside.number(update("labelling", 1))

    def promise(connection: Connection) -> None:
        predictions.wait_for_storing(connection)
        jobs.accept(connection, [replace(request, accepted=True)], Lane.DEFERRED, "channel")

    behind(beside.database, promise, lambda: beside.apply(request))
    job = beside.job(request)
    assert job is not None
    assert job.status == "succeeded"
    assert beside.labels() == [1]
