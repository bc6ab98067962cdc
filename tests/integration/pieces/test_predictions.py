"""Pieces of batches, run by a worker's process on both databases."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from shared.db.engine import Database
from shared.queue.broker import make_redis
from shared.queue.messages import Lane
from shared.queue.names import Names
from shared.queue.piece_lane import PieceLane
from shared.settings import Settings
from tests.queued_batches import line, queue, stored
from tests.system import FIRST_PASSENGER, FIRST_PROBA
from worker.pieces.pace import Pace
from worker.pieces.runner import PieceRunner
from worker.scoring.scoring import score
from worker.served_model import ServedModel

NAMES = Names("test")


def waiting(settings: Settings) -> int:
    """How many pieces wait on their lane."""
    return int(make_redis(settings, 1.0).llen(NAMES.queue(Lane.BULK)))


def test_a_piece_is_scored_stored_and_counted(
    runner: PieceRunner, database: Database, served: ServedModel
) -> None:
    """Rows keep their lines byte for byte; the batch ends with its last piece."""
    lines = [line(f"whole-{n}", {**FIRST_PASSENGER, "Age": n / 7}) for n in range(100)]
    lines[3] = lines[3].replace(", ", " ,\t")
    batch = queue(database, [lines[:60], lines[60:]])
    runner.run(batch.pieces[0])
    assert batch.status() == "running"
    runner.run(batch.pieces[1])
    assert batch.status() == "succeeded"
    assert batch.counts() == (100, 100, 0, 0)
    rows = stored(database)
    assert [rows[f"whole-{n}"].observation for n in range(100)] == lines
    alone = [score([text], served.model)[0].proba for text in lines]
    assert [rows[f"whole-{n}"].proba for n in range(100)] == alone
    assert rows["whole-0"].model_version == served.version
    assert [row.results["ids"] for row in batch.rows()] == [
        [f"whole-{n}" for n in range(60)],
        [f"whole-{n}" for n in range(60, 100)],
    ]


def test_done_twice_it_keeps_its_first_counts(runner: PieceRunner, database: Database) -> None:
    """A message that comes again finds that the piece has ended."""
    batch = queue(database, [[line("twice")]])
    runner.run(batch.pieces[0])
    before = batch.rows()
    runner.run(batch.pieces[0])
    assert batch.rows() == before
    assert batch.counts() == (1, 1, 0, 0)


def test_ids_that_are_known(runner: PieceRunner, database: Database) -> None:
    """From before, and twice in a piece: the first row stays, and only it was scored."""
    runner.run(queue(database, [[line("known")]]).pieces[0])
    other = {**FIRST_PASSENGER, "Sex": "female"}
    batch = queue(database, [[line("known", other), line("new"), line("new", other), line(7)]])
    runner.run(batch.pieces[0])
    assert batch.counts() == (4, 2, 2, 0)
    rows = stored(database)
    assert rows["known"].proba == rows["new"].proba == pytest.approx(FIRST_PROBA, abs=1e-12)
    assert batch.rows()[0].results == {"ids": ["known", "new", "new", 7], "duplicates": [0, 2]}


BAD: list[tuple[str, Any, str | None, str]] = [
    ("", None, None, "the line is empty"),
    ("[1]", None, None, "the line must be a JSON object"),
    ('{"id": 1, "observation": {', None, None, "broken JSON"),
    ('{"observation": {}}', None, None, "id is missing"),
    ('{"id": true, "observation": {}}', None, None, "not a boolean"),
    ('{"id": "bad-1"}', "bad-1", None, "observation is missing"),
    ('{"id": "bad-2", "observation": 1}', "bad-2", None, "observation must be an object"),
    ('{"id": "bad-3", "id": "bad-4", "observation": {}}', None, None, "is there twice"),
    (line("bad-5", {**FIRST_PASSENGER, "Age": "old"}), "bad-5", "Age", "Age is 'old'"),
    (line("bad-6", {**FIRST_PASSENGER, "Pclass": None}), "bad-6", "Pclass", "Pclass is missing"),
    (line(""), "", None, "not a string of 0 characters"),
    (line(2**70), None, None, "more than 64 bits"),
]


def test_bad_lines_are_rejected_and_the_others_go_on(
    runner: PieceRunner, database: Database
) -> None:
    """Each by its number, with its id, its column and its reason, and as it was sent."""
    lines = [text for bad in BAD for text in (bad[0], line(f"beside-{BAD.index(bad)}"))]
    batch = queue(database, [lines])
    runner.run(batch.pieces[0])
    assert batch.counts() == (2 * len(BAD), len(BAD), 0, len(BAD))
    rejects = batch.rejects()
    assert [reject["line"] for reject in rejects] == list(range(1, 2 * len(BAD), 2))
    for reject, (text, sent, column, reason) in zip(rejects, BAD, strict=True):
        assert reject["original"] == text
        assert (reject["column"], reason in reject["error"]) == (column, True), reject
        assert reject["id"] == (2**70 if "2^" in reason or "64 bits" in reason else sent)
    assert batch.rows()[0].results["lines"] == list(range(2, 2 * len(BAD) + 1, 2))


def test_warnings_are_kept(runner: PieceRunner, database: Database) -> None:
    """A key that nobody uses, and a value that the model does not know."""
    batch = queue(
        database,
        [
            [
                line("warned-1"),
                line("warned-2", {**FIRST_PASSENGER, "Name": "x"}),
                line("w", color=1),
            ]
        ],
    )
    runner.run(batch.pieces[0])
    ((first, places), (second, others)) = batch.rows()[0].results["warnings"]
    assert (places, others) == ([1], [2])
    assert first == ["observation has a key that the model does not use: Name"]
    assert second == ["the request has a key that is not used: color"]


def test_a_cancelled_batch_is_not_scored(runner: PieceRunner, database: Database) -> None:
    """Neither a piece that waits nor one whose message comes late."""
    batch = queue(database, [[line("cancelled-1")], [line("cancelled-2")]])
    runner.run(batch.pieces[0])
    batch.cancel()
    runner.run(batch.pieces[1])
    assert [row.status for row in batch.rows()] == ["succeeded", "cancelled"]
    assert "cancelled-2" not in stored(database)


def test_a_batch_that_still_comes_does_not_end(runner: PieceRunner, database: Database) -> None:
    batch = queue(database, [[line("coming")]], complete=False)
    runner.run(batch.pieces[0])
    assert batch.status() == "running"


def test_a_piece_that_was_tried_is_divided(runner: PieceRunner, database: Database) -> None:
    """After one try into thirty-twos, after two into single rows; what it was divided into is run
    by the same turn, since nobody waits for anything else."""
    lines = [line(f"divided-{n}") for n in range(70)]
    batch = queue(database, [lines])
    _try_in_vain(database, batch.seq)
    runner.run(batch.pieces[0])
    assert [(row.first_line, row.lines, row.attempts) for row in batch.rows()] == [
        (1, 32, 2), (33, 32, 2), (65, 6, 2),
    ]  # fmt: skip
    assert batch.status() == "succeeded"
    batch = queue(database, [lines[:3]])
    _try_in_vain(database, batch.seq)
    _try_in_vain(database, batch.seq)
    runner.run(batch.pieces[0])
    assert [(row.lines, row.duplicate, row.attempts) for row in batch.rows()] == [(1, 1, 3)] * 3


def test_a_turn_ends_when_anything_else_waits(
    runner: PieceRunner, database: Database, lane: PieceLane, settings: Settings
) -> None:
    """Pieces that come next on the lane are run at once, but for when there is other work."""
    batch = queue(database, [[line(f"turn-{n}")] for n in range(4)])
    lane.publish(batch.pieces[1:3])
    runner.run(batch.pieces[0])
    assert (batch.counts()[1], waiting(settings)) == (3, 0)
    lane.publish(batch.pieces[3:])
    client = make_redis(settings, 1.0)
    client.lpush(NAMES.queue(Lane.DEFERRED), "something")
    runner.run(batch.pieces[0])
    assert (batch.counts()[1], waiting(settings)) == (3, 1)
    client.delete(NAMES.queue(Lane.DEFERRED), NAMES.queue(Lane.BULK))


def _try_in_vain(database: Database, batch_seq: int) -> None:
    """Count a try of its unfinished pieces, as if their process had died."""
    from sqlalchemy import text

    statement = text(
        "UPDATE batch_piece SET attempts = attempts + 1 "
        "WHERE batch_seq = :seq AND status = 'queued'"
    )
    database.write(lambda c: c.execute(statement, {"seq": batch_seq}))


COLUMNS = ["id", "Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Cabin", "Embarked"]


def test_a_csv_is_read_as_predict_reads_texts(
    runner: PieceRunner, database: Database, served: ServedModel
) -> None:
    """By the dtype of each column; only an empty field is a null, and a row has the JSON that its
    record stands for."""
    records = [
        "csv-1,3,male,22,1,0,7.25,,S",
        '7001,3,"male",22.0,1,0,7.25,"",S\r',
        "csv-3,3,male,old,1,0,7.25,,S",
        "csv-4,3,male,22,1,0,7.25,NA,S",
        "csv-5,,male,22,1,0,7.25,,S",
        "csv-6,3,male",
    ]
    batch = queue(database, [records], format="csv", columns=COLUMNS)
    runner.run(batch.pieces[0])
    assert batch.counts() == (6, 3, 0, 3)
    assert [(r["line"], r["id"], r["column"], r["original"]) for r in batch.rejects()] == [
        (4, "csv-3", "Age", records[2]),
        (6, "csv-5", "Pclass", records[4]),
        (7, None, None, records[5]),
    ]
    rows = stored(database)
    first = {**FIRST_PASSENGER, "Age": 22}
    assert json.loads(rows["csv-1"].observation) == {"id": "csv-1", "observation": first}
    assert json.loads(rows["7001"].observation) == {"id": 7001, "observation": first}
    assert json.loads(rows["csv-4"].observation)["observation"]["Cabin"] == "NA"
    for key in ("csv-1", "7001", "csv-4"):
        assert rows[key].proba == score([rows[key].observation], served.model)[0].proba


def test_a_slow_model_does_not_hold_a_process(
    served: ServedModel, database: Database, lane: PieceLane
) -> None:
    """What there was no time for becomes a piece of its own, with what was said of its lines when
    they came."""
    ticks = itertools.count()
    # Each look at the clock is a tenth of a second later: a row takes 12 ms.
    slow = PieceRunner(served, database, lane, 20.0, 30.0, Pace(lambda: next(ticks) / 10))
    lines = [line(f"slow-{n}") for n in range(30)]
    lines[4] = lines[20] = ""
    taken_out = [{"line": n, "id": None, "column": None, "error": "too long", "original": None}
                 for n in (5, 21)]  # fmt: skip
    batch = queue(database, [lines], rejects=taken_out)
    slow.run(batch.pieces[0])
    assert batch.status() == "succeeded"
    assert batch.counts() == (30, 28, 0, 2)
    assert [(row.first_line, row.lines, row.rejected) for row in batch.rows()] == [
        (1, 9, 1), (10, 8, 0), (18, 9, 1), (27, 4, 0),
    ]  # fmt: skip
    assert batch.rejects() == taken_out
