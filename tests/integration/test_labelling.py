"""Labels on both databases: a whole group by a constant number of statements, each answer what it
would be if updates were applied one by one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, select

from shared.answers import does_not_exist
from shared.db import job_claims, job_numbers, jobs, labels, listing, predictions
from shared.db.engine import Database, connect
from shared.db.labels import Labelled
from shared.db.migrate import migrate
from shared.db.predictions import Prediction
from shared.db.tables import JOB, PREDICTION
from shared.errors import ClientFaultError
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Outcome, Request
from shared.settings import Settings
from shared.strict_json import parse_object
from tests.answerings import classifier
from worker import labelling
from worker.model.answering import Answering
from worker.scoring.scoring import Score
from worker.scoring.true_class import recognise
from worker.storing import settle

CLASSES = classifier(0, 1)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str]
) -> Iterator[Database]:
    """A migrated database of each kind."""
    url = Settings.from_environment({"DATABASE_URL": new_database_url(request.param)}).database_url
    made = connect(url, connections=2, wait=10.0)
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def errors() -> Iterator[list[object]]:
    """What a database refused, though it was done again and nobody saw it."""
    seen: list[object] = []

    def note(context: Any) -> None:
        seen.append(context.original_exception)

    event.listen(Engine, "handle_error", note)
    yield seen
    event.remove(Engine, "handle_error", note)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What goes to the database."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


def empty(connection: Connection) -> None:
    connection.execute(PREDICTION.delete())
    connection.execute(JOB.delete())


def predict(connection: Connection, *names: str) -> None:
    """Rows for these observations."""
    predictions.insert(
        connection,
        [Prediction(f"of {n}", ObservationId(n, True), "{}", 0.5, "v") for n in names],
    )


def update(number: int, name: str, true_class: Any = 1, **more: Any) -> Request:
    body = json.dumps({"id": name, "true_class": true_class, **more})
    return Request(f"update {number}", Kind.UPDATE, ObservationId(name, True), body, True)


def accept(connection: Connection, *requests: Request) -> None:
    jobs.accept(connection, requests, Lane.INTERACTIVE, "channel")


NAMES = st.sampled_from(["a", "b", "c", "missing", "coming"])
LABELS = st.sampled_from([0, 1, 2, True, "1", "no class", None])
KEPT = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(st.integers(0, 9), LABELS))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(st.tuples(NAMES, LABELS, st.booleans()), max_size=12), kept=KEPT)
def test_as_one_by_one(
    database: Database, asked: list[tuple[str, Any, bool]], kept: dict[str, tuple[int, Any]]
) -> None:
    """Any updates, of rows that have a label of an earlier or of a later update or none, of an
    observation that is unknown and of one that an accepted prediction will bring."""
    keys = ["coming", "missing", "c", "b", "a"]
    found = []
    for apply in (apply_one_by_one, labelling.apply):
        database.write(empty)
        database.write(lambda c: accept(c, *_fill(c, asked, kept)))
        ended = database.write(lambda c, apply=apply: apply(c, keys, CLASSES))  # type: ignore[misc]
        found.append((_without_times(ended), database.read(_state)))
    assert found[0] == found[1]
    # Some of them are jobs by now, and the others never were: each gets the same answer, and the
    # rows the same labels.
    database.write(empty)
    requests = database.write(lambda c: _fill(c, asked, kept))
    direct = numbered(database, *requests)
    jobs_by_now = [r for n, r in enumerate(direct) if n % 3 == 0]
    database.write(lambda c: accept(c, *jobs_by_now))
    group = list(reversed(direct))
    ended = database.write(lambda c: labelling.apply_group(c, group, "channel", CLASSES))
    found.append((_without_times(ended), database.read(_state)))
    assert found[2][0] == found[0][0]
    assert _rows(found[2][1]) == _rows(found[0][1])
    # Whoever has to wait for its prediction is a job now, under the number that it had.
    still = {r.request_id for r in direct} - {e.outcome.request_id for e in ended}
    waiting = database.read(lambda c: jobs.find_all(c, list(still)))
    numbers = {r.request_id: r.number for r in direct}
    assert {i: job.seq for i, job in waiting.items()} == {i: numbers[i] for i in still}
    assert {job.reply_to for job in waiting.values()} <= {"channel"}
    # What came twice changes nothing, and is answered with the row as it is.
    before = database.read(_state)
    database.write(lambda c: labelling.apply_group(c, group, "channel", CLASSES))
    assert database.read(_state) == before


def numbered(database: Database, *requests: Request) -> list[Request]:
    """The same as updates that are no jobs."""
    if not requests:
        return []
    numbers = job_numbers.draw_numbers(database, len(requests))
    assert numbers == sorted(set(numbers))
    return [replace(r, accepted=False, number=n) for r, n in zip(requests, numbers, strict=True)]


def _rows(state: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [one for one in state if len(one) == 3]


def _fill(
    connection: Connection, asked: list[tuple[str, Any, bool]], kept: dict[str, tuple[int, Any]]
) -> list[Request]:
    predict(connection, "a", "b", "c")
    coming = Request("coming", Kind.PREDICT, ObservationId("coming", True), "{}", True)
    accept(connection, coming)
    first = connection.execute(select(JOB.c.seq)).scalar_one()
    for name, (place, label) in kept.items():
        connection.execute(
            PREDICTION.update()
            .where(PREDICTION.c.observation_id == name)
            .values(true_class=label, true_class_seq=first + place)
        )
    # The texts of their ids are in the opposite order of their numbers, which alone counts.
    return [
        replace(
            update(n, name, label, **({"colour": 1} if extra else {})),
            request_id=f"update {len(asked) - n:02}",
        )
        for n, (name, label, extra) in enumerate(asked)
    ]


def apply_one_by_one(
    connection: Connection, keys: list[str], answering: Answering
) -> list[labelling.Ended]:
    """The plain way: each update looks, writes and reads for itself."""
    c = PREDICTION.c
    unfinished = jobs.lock(connection, (), keys)
    coming = {j.request.observation_id.key for j in unfinished if j.request.kind is Kind.PREDICT}
    ended = []
    for job in (j for j in unfinished if j.request.kind is Kind.UPDATE):
        request = job.request
        mine = c.observation_id == request.observation_id.key
        document = parse_object(request.body)
        try:
            label = recognise(document.get("true_class"), answering)
        except ClientFaultError as error:
            ended.append(labelling.Ended(job.reply_to, Outcome.refused(request.request_id, error)))
            continue
        connection.execute(
            PREDICTION.update()
            .where(mine, c.true_class_seq.is_(None) | (c.true_class_seq < job.seq))
            .values(true_class=label, true_class_seq=job.seq)
        )
        place = connection.execute(select(c.id).where(mine)).scalar()
        if place is None and request.observation_id.key in coming:
            continue
        body = does_not_exist(request.observation_id)
        if place is not None:
            body = listing.page(connection, place - 1, place, 1)[0]
        if "colour" in document:
            body["warnings"] = ["the request has a key that is not used: colour"]
        ended.append(labelling.Ended(job.reply_to, Outcome(request.request_id, 200, body)))
    for one in ended:
        jobs.finish(connection, [one.outcome])
    return ended


def _without_times(ended: list[labelling.Ended]) -> list[tuple[Any, ...]]:
    return [
        (e.reply_to, e.outcome.request_id, e.outcome.status_code, _plain(e.outcome.body))
        for e in ended
    ]


def _plain(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without what differs from one filling to the next; types kept apart, `True` from 1."""
    changing = {"id", "predicted_at", "true_class_at"}
    return body and {k: repr(v) for k, v in body.items() if k not in changing}


def _state(connection: Connection) -> list[tuple[Any, ...]]:
    """Rows and jobs, their numbers counted from the first job's."""
    first = connection.execute(select(JOB.c.seq).order_by(JOB.c.seq)).scalars().first() or 0
    p = PREDICTION.c
    rows = connection.execute(
        select(p.observation_id, p.true_class, p.true_class_seq).order_by(p.observation_id)
    )
    j = JOB.c
    ledger = connection.execute(
        select(j.job_id, j.status, j.status_code, j.outcome).order_by(j.seq)
    )
    return [
        *((r[0], repr(r[1]), r[2] and r[2] - first) for r in rows),
        *((r[0], r[1], r[2], _plain(r[3])) for r in ledger),
    ]


def test_times_are_the_databases(database: Database) -> None:
    """What an update answers is what is stored, its time included."""
    database.write(empty)
    database.write(lambda c: predict(c, "a"))
    database.write(lambda c: accept(c, update(1, "a", 0), update(2, "a", 1)))
    ended = database.write(lambda c: labelling.apply(c, ["a"], CLASSES))
    assert [e.outcome.body["true_class"] for e in ended] == [0, 1]
    (row,) = database.read(lambda c: listing.page(c, 0, listing.last_drawn(c), 10))
    assert row == ended[-1].outcome.body
    assert row["true_class_at"] >= row["predicted_at"]


def test_accepted_once_in_their_order(database: Database) -> None:
    """Numbers follow the order of acceptance, and a request that is a job already stays one."""
    database.write(empty)
    names = [f"{n:02}" for n in (7, 3, 9, 1, 5)]
    requests = [update(int(n), n) for n in names]
    database.write(lambda c: accept(c, requests[1]))
    database.write(lambda c: accept(c, *requests))
    locked = database.write(lambda c: jobs.lock(c, (), names))
    assert [j.request.observation_id.key for j in locked] == ["03", "07", "09", "01", "05"]
    assert [j.request.body for j in locked[:1]] == [requests[1].body]


def test_what_became_a_job_meanwhile_is_its(database: Database) -> None:
    """A message that comes late does nothing for a job that was cancelled or has ended."""
    database.write(empty)
    database.write(lambda c: predict(c, "a", "b"))
    direct = numbered(database, update(1, "a"), update(2, "b"))
    database.write(lambda c: accept(c, *direct))
    database.write(lambda c: jobs.cancel(c, "update 1"))
    database.write(lambda c: labelling.apply(c, ["b"], CLASSES))
    database.write(lambda c: labels.set_true_classes(c, _relabelled(c, "b", direct[1])))
    ended = database.write(lambda c: labelling.apply_group(c, direct, "channel", CLASSES))
    assert ended == []
    rows = database.read(lambda c: listing.page(c, 0, listing.last_drawn(c), 10))
    assert [row["true_class"] for row in rows] == [None, 0]
    states = database.read(lambda c: jobs.find_all(c, ["update 1", "update 2"]))
    assert [states[f"update {n}"].status for n in (1, 2)] == ["cancelled", "succeeded"]


def _relabelled(connection: Connection, name: str, after: Request) -> dict[str, Labelled]:
    """A label that was accepted after this one."""
    row = labels.labelled(connection, [name])[name]
    assert row.apply(0, (after.number or 0) + 1)
    return {name: row}


def test_a_later_label_stands_whichever_comes_first(database: Database) -> None:
    """Numbers decide, and not the order of the messages."""
    database.write(empty)
    database.write(lambda c: predict(c, "a"))
    first, second = numbered(database, update(1, "a", 0), update(2, "a", 1))
    for request in (second, first):
        (ended,) = database.write(
            lambda c, r=request: labelling.apply_group(c, [r], "channel", CLASSES)  # type: ignore[misc]
        )
        assert ended.outcome.body["true_class"] == 1


def test_two_groups_never_wait_for_each_other(database: Database, errors: list[object]) -> None:
    """Groups of the same observations in different orders, on several workers at once."""
    database.write(empty)
    names = [f"{n:03}" for n in range(60)]
    database.write(lambda c: predict(c, *names))

    def apply(round_: int) -> int:
        mixed = random.Random(round_).sample(names, len(names))
        requests = [update(round_ * 100 + n, name, round_) for n, name in enumerate(mixed)]
        group = numbered(database, *requests)
        done = database.write(lambda c: labelling.apply_group(c, group, "channel", CLASSES))
        return len(done)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(apply, range(20))) == [len(names)] * 20
    rows = database.read(lambda c: listing.page(c, 0, listing.last_drawn(c), 100))
    assert {row["true_class"] for row in rows} <= set(range(20))
    assert errors == []


def of_direct_updates(connection: Connection, names: list[str]) -> None:
    """A group of updates that are no jobs."""
    predict(connection, *names)
    requests = [replace(update(n, x), accepted=False, number=n) for n, x in enumerate(names, 1)]
    ended = labelling.apply_group(connection, requests, "channel", CLASSES)
    assert {e.outcome.body["true_class"] for e in ended} == {1}
    assert len(ended) == len(names)


def of_updates(connection: Connection, names: list[str]) -> None:
    """A group of updates, from its acceptance to its end."""
    predict(connection, *names)
    accept(connection, *(update(n, name) for n, name in enumerate(names)))
    ended = labelling.apply(connection, names, CLASSES)
    assert {e.outcome.body["true_class"] for e in ended} == {1}
    assert len(ended) == len(names)


def of_predictions(connection: Connection, names: list[str]) -> None:
    """A group of jobs, half of which fail, each with an update that waits for it."""
    ids = [f"job {name}" for name in names]
    requests = [
        Request(i, Kind.PREDICT, ObservationId(name, True), "{}", True)
        for i, name in zip(ids, names, strict=True)
    ]
    accept(connection, *requests)
    accept(connection, *(update(n, name) for n, name in enumerate(names)))
    assert len(job_claims.claim(connection, ids, "group", 60.0, False)) == len(names)
    error = ClientFaultError("it does not fit")
    scores = [Score(0.5) if n % 2 else Score(None, error) for n in range(len(names))]
    settled = settle(connection, requests, scores, "v", CLASSES)
    assert (len(settled.outcomes), len(settled.updates)) == (len(names), len(names))


@pytest.mark.parametrize("work", [of_updates, of_direct_updates, of_predictions])
def test_statements_do_not_grow_with_the_group(
    database: Database, statements: list[str], work: Callable[[Connection, list[str]], None]
) -> None:
    """A group of 200 sends as many as a group of 2."""
    counts = []
    for size in (2, 200):
        database.write(empty)
        statements.clear()
        names = [f"{n:03}" for n in range(size)]
        database.write(lambda c, names=names: work(c, names))  # type: ignore[misc]
        counts.append(len(statements))
    assert counts[0] == counts[1], statements
