"""GET /list-db-contents: every row, a page at a time, in one array."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

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
