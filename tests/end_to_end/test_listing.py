"""GET /list-db-contents: every row, a page at a time, in one array; GET /predictions: the rows that
are asked for, as NDJSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.db import predictions
from shared.db.engine import connect
from shared.db.predictions import Prediction
from shared.observation_id import ObservationId
from shared.setting_values import database_url
from tests.system import Client, System


@pytest.fixture(scope="module")
def filled(system: System) -> System:
    """More rows than one page of the gateway's own reading."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(system.client.predict, range(1100)))
    assert {answer.status for answer in answers} == {200}
    return system


def test_everything_oldest_first(filled: System) -> None:
    """All rows in one array, in the order of their `id`."""
    rows = filled.client.rows()
    assert len(rows) == 1100
    assert [r["id"] for r in rows] == sorted(r["id"] for r in rows)
    assert {r["observation_id"] for r in rows} == set(range(1100))


def test_pages(filled: System) -> None:
    """`after` and `limit` page by the row's `id`."""
    rows = filled.client.rows()
    seen = []
    after = 0
    while page := filled.client.get(f"/list-db-contents?after={after}&limit=333").json:
        seen += page
        after = page[-1]["id"]
    assert seen == rows
    assert filled.client.get("/list-db-contents?limit=0").json == []
    assert filled.client.get("/list-db-contents?limit=501").json == rows[:501]


def test_bad_pages(filled: System) -> None:
    """422 with the parameter named."""
    client: Client = filled.client
    for query in ("after=x", "limit=-1", "limit=1.5", "after=99999999999999999999"):
        answer = client.get(f"/list-db-contents?{query}")
        assert answer.status == 422
        assert query.split("=")[0] in answer.json["error"]


def test_predictions(filled: System) -> None:
    """The same rows on lines of their own, and as CSV; those that are asked for, by pages too."""
    client = filled.client
    assert client.update(7, 1).status == client.update(8, 0).status == 200
    rows = client.rows()
    version, since = rows[0]["model_version"], rows[600]["predicted_at"]

    def asked(query: str) -> list[object]:
        answer = client.get(f"/predictions{query}")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
        return [json.loads(line) for line in answer.body.splitlines()]

    later = [row for row in rows if row["predicted_at"] >= since]
    assert asked("") == rows
    assert asked(f"?since={since}") == later
    assert asked(f"?until={since}") == [row for row in rows if row not in later]
    assert asked("?labelled=true") == [r for r in rows if r["true_class"] is not None] != []
    assert asked(f"?model_version={version}&limit=3&after={rows[4]['id']}") == rows[5:8]
    assert asked("?model_version=another") == []
    answer = client.get("/predictions?format=csv&labelled=true")
    assert answer.headers["content-type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    names = ("id", "observation_id", "true_class", "predicted_at", "model_version", "observation")
    assert [[row[name] for name in names] for row in found] == [
        [str(row[name]) for name in names] for row in rows if row["true_class"] is not None
    ]
    assert client.get("/predictions?format=csv&model_version=another").body.count(b"\n") == 1


def most_memory(system: System) -> int:
    """The most bytes that the gateway ever held."""
    status = Path(f"/proc/{system.gateways[0][0].process.pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def test_large_rows(filled: System) -> None:
    """Rows of a megabyte are listed as any others, and the gateway holds few of them at once."""
    client = filled.client
    last = client.rows()[-1]["id"]
    database = connect(database_url(filled.database_url), connections=1, wait=20.0)
    names = [f"large {n}" for n in range(60)]
    try:
        for name in names:
            body = name + "x" * 1_000_000
            row = Prediction(name, ObservationId(name, True), body, 0.5, "v")
            database.write(lambda c, row=row: predictions.insert(c, [row]))  # type: ignore[misc]
        before = most_memory(filled)
        listed = client.get(f"/list-db-contents?after={last}")
        assert listed.status == 200
        assert most_memory(filled) - before < 30 * 2**20
        assert [row["observation_id"] for row in listed.json] == names
        few = client.get(f"/list-db-contents?after={last}&limit=3").json
        assert [row["observation_id"] for row in few] == names[:3]
    finally:
        database.write(lambda c: predictions.remove_of_requests(c, names, names))
        database.close()
