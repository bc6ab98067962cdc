"""GET /list-db-contents: every row, a page at a time, in one array."""

from __future__ import annotations

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
