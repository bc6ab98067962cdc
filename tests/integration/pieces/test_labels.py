"""Pieces of labels, applied by a worker's process on both databases."""

from __future__ import annotations

import json
from typing import Any

from shared.db import job_numbers, jobs, labels
from shared.db.engine import Database
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Request
from tests.queued_batches import Queued, line, queue, stored
from worker.pieces.runner import PieceRunner


def label(observation_id: Any, true_class: Any, **more: Any) -> str:
    return json.dumps({"id": observation_id, "true_class": true_class, **more})


def queued(database: Database, *lines: str, **options: Any) -> Queued:
    number = job_numbers.draw_numbers(database, 1)[0]
    return queue(database, [lines], kind="update", label_number=number, **options)


def predicted(runner: PieceRunner, database: Database, *ids: Any) -> None:
    runner.run(queue(database, [[line(one) for one in ids]]).pieces[0])


def test_labels_are_applied_and_counted(runner: PieceRunner, database: Database) -> None:
    """As /update does it: of two the later stays, and what has no row says so."""
    predicted(runner, database, "l-1", "l-2", 9001)
    batch = queued(
        database, label("l-1", 1), label("nobody", 0), label("l-2", "x"), label(9001, 0),
        label("9001", "1", why="?"), "{",
    )  # fmt: skip
    runner.run(batch.pieces[0])
    assert batch.status() == "succeeded"
    assert batch.counts() == (6, 3, 0, 3)
    rows = stored(database)
    assert [rows[key].true_class for key in ("l-1", "l-2", "9001")] == [1, None, 1]
    assert rows["l-1"].true_class_at is not None
    assert [(r["line"], r["id"]) for r in batch.rejects()] == [
        (2, "nobody"), (3, "l-2"), (6, None)
    ]  # fmt: skip
    assert batch.rejects()[0]["error"] == 'Observation ID: "nobody" does not exist'
    assert batch.rows()[0].results == {
        "ids": ["l-1", "nobody", 9001, "9001"],
        "lines": [1, 2, 4, 5],
        "absent": [1],
        "warnings": [[["the request has a key that is not used: why"], [3]]],
    }


def test_an_older_label_never_replaces_a_newer(runner: PieceRunner, database: Database) -> None:
    """Whichever is applied first; the numbers were drawn when they were accepted."""
    predicted(runner, database, "order")
    older = queued(database, label("order", 0))
    (between,) = job_numbers.draw_numbers(database, 1)
    newer = queued(database, label("order", 1))
    runner.run(newer.pieces[0])
    runner.run(older.pieces[0])
    assert stored(database)["order"].true_class == 1
    assert older.counts() == (1, 1, 0, 0)
    found = database.read(lambda c: labels.labelled(c, ["order"]))["order"]
    assert not found.apply(0, between)


def test_a_csv_of_labels(runner: PieceRunner, database: Database) -> None:
    predicted(runner, database, "c-1", 9002)
    batch = queued(
        database, "c-1,1", "9002,0\r", "c-1,", "c-1", format="csv", columns=["id", "true_class"]
    )
    runner.run(batch.pieces[0])
    assert batch.counts() == (4, 2, 0, 2)
    rows = stored(database)
    assert [rows[key].true_class for key in ("c-1", "9002")] == [1, 0]
    assert [(r["line"], r["error"]) for r in batch.rejects()] == [
        (4, "true_class is missing"), (5, "the line has 1 fields, and the first 2"),
    ]  # fmt: skip


def test_a_label_waits_for_a_prediction_that_is_accepted(
    runner: PieceRunner, database: Database
) -> None:
    """Its line becomes a piece of its own, which is run again later."""
    predicted(runner, database, "there")
    job = Request("job", Kind.PREDICT, ObservationId("coming", True), line("coming"), True)
    database.write(lambda c: jobs.accept(c, [job], Lane.DEFERRED, None))
    batch = queued(database, label("there", 1), label("coming", 1))
    runner.run(batch.pieces[0])
    assert batch.counts() == (2, 1, 0, 0)
    assert batch.status() == "running"
    predicted(runner, database, "coming")
    runner.run(type(batch.pieces[0])(batch.seq, 1))
    assert (batch.counts(), batch.status()) == ((2, 2, 0, 0), "succeeded")
    assert stored(database)["coming"].true_class == 1
