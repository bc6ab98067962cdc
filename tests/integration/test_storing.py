"""Storing with one message to PostgreSQL, beside requests that become jobs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from shared.db import jobs, listing, predictions
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.predictions import Prediction
from shared.errors import DatabaseAwayError
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Request
from shared.settings import Settings
from tests.system import wait_for


@pytest.fixture
def database(new_database_url: Callable[[str], str]) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database."""
    url = new_database_url("postgres").replace("postgresql:", "postgresql+psycopg2:")
    made = connect(url, connections=4, wait=10.0)
    migrate(made)
    yield made
    made.close()


def request(name: str, kind: Kind = Kind.PREDICT) -> Request:
    return Request(f"request-{name}", kind, ObservationId(name, True), "{}", True)


def insert(database: Database, *names: str) -> int | None:
    """Store a group of these observations' predictions."""
    made = [Prediction(f"request-{n}", ObservationId(n, True), "{}", 0.5, "v") for n in names]
    ids = [p.request_id for p in made]
    keys = [p.observation_id.key for p in made]
    return predictions.insert_unpromised(database, made, ids, keys)


def rows(database: Database) -> int:
    return database.read(lambda c: len(listing.page(c, 0, 10**6, 100)))


def test_committed_when_it_returns(database: Database) -> None:
    """Rows are there for others, and what has a row already is not counted."""
    assert insert(database, "a", "b") == 2
    assert rows(database) == 2
    assert insert(database, "b", "c") == 1
    assert rows(database) == 3


@pytest.mark.parametrize("kind", [Kind.PREDICT, Kind.UPDATE])
def test_nothing_beside_a_promise(database: Database, kind: Kind) -> None:
    """One request that is a job, or one observation with an unfinished job, holds all of it."""
    promised = request("a", kind)
    if kind is Kind.UPDATE:
        promised = Request("another", kind, promised.observation_id, "{}", True)
    database.write(lambda c: jobs.accept(c, [promised], Lane.DEFERRED, None))
    assert insert(database, "a", "b") is None
    assert rows(database) == 0


ANSWERS: list[dict[str, Any] | None] = [
    {"proba": 0.75, "prediction": "b", "probas": {"b": 0.75, "a": 0.25}},
    {"prediction": [1.5, -2]},
    {"proba": None, "prediction": "unsure", "probas": {"b": 0.5, "a": 0.5}},
    None,
]


def of_answers() -> list[Prediction]:
    """A prediction with each of them."""
    return [
        Prediction(
            f"request-{n}", ObservationId(f"{n}", True), "{}",
            0.5 if answer is None else answer.get("proba"), "v", answer,
        )
        for n, answer in enumerate(ANSWERS)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "postgres, at once"])
def test_answers_are_kept(kind: str, new_database_url: Callable[[str], str]) -> None:
    """Whole, with their keys in their order, for duplicates and for the listing."""
    url = new_database_url(kind.split(",")[0])
    made = connect(Settings.from_environment({"DATABASE_URL": url}).database_url, 2, 10.0)
    migrate(made)
    stored = of_answers()
    if kind == "postgres, at once":
        ids, keys = [p.request_id for p in stored], [p.observation_id.key for p in stored]
        assert predictions.insert_unpromised(made, stored, ids, keys) == len(ANSWERS)
    else:
        assert made.write(lambda c: predictions.insert(c, stored)) == len(ANSWERS)
    found = made.read(lambda c: predictions.find(c, [p.observation_id.key for p in stored]))
    listed = made.read(lambda c: listing.page(c, 0, 10**6, 100))
    made.close()
    asked = replace(request("another"), observation_id=ObservationId("7", True))
    for number, answer in enumerate(ANSWERS):
        said = {"proba": 0.5} if answer is None else answer
        of_row = found[f"{number}"]
        again = replace(asked, request_id=f"request-{number}")
        assert json.dumps(of_row.answer_to(again)) == json.dumps(said)
        exists = {**said, "error": 'Observation ID: "7" already exists'}
        assert json.dumps(of_row.answer_to(asked)) == json.dumps(exists)
        shown = {k: v for k, v in listed[number].items() if k in (*said, "proba", "prediction")}
        assert shown == {"proba": None, **said}


def test_a_request_becomes_a_job_meanwhile(database: Database) -> None:
    """Who waits for a conversion sees it, and leaves the row to the job."""

    def is_waited_for(connection: Connection) -> bool:
        query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(connection.execute(query).scalar())

    with ThreadPoolExecutor(1) as pool:

        def convert(connection: Connection) -> None:
            predictions.wait_for_storing(connection)
            storing = pool.submit(insert, database, "a")
            converting.append(storing)
            wait_for(lambda: database.read(is_waited_for), 10, "the insert waits")
            jobs.accept(connection, [request("a")], Lane.DEFERRED, None)

        converting: list[object] = []
        database.write(convert)
        assert converting[0].result(10) is None  # type: ignore[attr-defined]
    assert rows(database) == 0


def test_transactions_after_a_failed_message(database: Database) -> None:
    """What a message left behind when it failed does not reach who has the connection next."""
    with pytest.raises(ValueError, match="NUL"):
        database.write_at_once("SELECT %(text)s", {"text": "\0"})
    with pytest.raises(DatabaseAwayError):
        database.write_at_once("SELECT 1 / 0", {})

    def fail(connection: Connection) -> None:
        jobs.accept(connection, [request("a")], Lane.DEFERRED, None)
        raise KeyError

    with pytest.raises(KeyError):
        database.write(fail)
    assert database.read(lambda c: jobs.find(c, request("a").request_id)) is None


def test_two_that_wait_for_each_other(database: Database) -> None:
    """PostgreSQL ends one of two transactions that would wait for ever; it is done again, after a
    pause in which the other can end, and both are stored."""
    insert(database, "a", "b")
    both_hold = threading.Barrier(2, timeout=10)

    def label(first: str, second: str) -> None:
        tries = 0

        def work(connection: Connection) -> None:
            nonlocal tries
            tries += 1
            _label(connection, first)
            if tries == 1:
                both_hold.wait()
            _label(connection, second)

        database.write(work)
        done.append(tries)

    done: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(label, "a", "b"), pool.submit(label, "b", "a")]:
            one.result(20)
    # Which of the two is ended, and whether it gives way for long enough, is the server's matter.
    assert max(done) > 1


def _label(connection: Connection, name: str) -> None:
    statement = "UPDATE prediction SET true_class = '1' WHERE observation_id = :name"
    assert connection.execute(text(statement), {"name": name}).rowcount == 1
