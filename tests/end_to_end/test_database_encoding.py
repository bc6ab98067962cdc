"""Databases that cannot hold every character: what they cannot hold is refused alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.postgres_server import PostgresServer
from tests.system import FIRST_PASSENGER, Answer, System


@pytest.fixture(scope="module", params=["LATIN1", "SQL_ASCII", "EUC_JP"])
def encoding(request: pytest.FixtureRequest) -> str:
    """An encoding, by PostgreSQL's name."""
    return str(request.param)


@pytest.fixture(scope="module")
def running(
    encoding: str,
    postgres_server: PostgresServer,
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A gateway and a worker on a database of that encoding."""
    url = postgres_server.create_database(f"in_{encoding.lower()}", encoding)
    made = System(url, new_redis_url(), tmp_path_factory.mktemp("system"))
    try:
        yield made.start()
    finally:
        made.stop()


def check_refused(answer: Answer, what: str, encoding: str) -> None:
    assert answer.status == 422, answer
    assert answer.json["error"].startswith(f"{what} holds '\N{GRINNING FACE}'")
    assert answer.json["error"].endswith(f"its encoding is {encoding}")


@pytest.mark.parametrize("prefer", [None, "respond-async"])
def test_one_of_24(running: System, encoding: str, prefer: str | None) -> None:
    """An emoji in a body, raw as many clients write it; everybody in its company is served."""

    def ask(number: int) -> Answer:
        cabin = "\N{GRINNING FACE}" if number == 7 else "C85"
        body = f'{{"id": "{prefer} {number}", "observation": {{"Pclass": 3, "Sex": "male", '
        body += f'"SibSp": 1, "Parch": 0, "Cabin": "{cabin}"}}}}'
        return running.client.post("/predict", body, prefer)

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(ask, range(24)))
    check_refused(answers.pop(7), "the body", encoding)
    assert [a.status for a in answers] == [202 if prefer else 200] * 23, answers


def test_ids_labels_and_names(running: System, encoding: str) -> None:
    """Wherever it stands. What is escaped in the body is kept as it was sent, but an id is kept as
    what it stands for."""
    client = running.client
    escaped = client.predict("\N{GRINNING FACE}")
    check_refused(escaped, "id", encoding)
    raw = '{"id": 1, "true_class": "\N{GRINNING FACE}"}'
    check_refused(client.post("/update", raw), "the body", encoding)
    check_refused(client.update("\N{GRINNING FACE}", 1), "id", encoding)
    raw = '{"id": 1, "observation": {"\N{GRINNING FACE}": 1}}'
    check_refused(client.post("/predict", raw), "the body", encoding)
    answer = client.predict("kept", {**FIRST_PASSENGER, "\N{GRINNING FACE}": "\N{GRINNING FACE}"})
    assert answer.status == 200
    assert "\N{GRINNING FACE}" in answer.json["warnings"][0]
    assert client.predict("kept").status == 200


def test_what_it_holds(running: System, encoding: str) -> None:
    """Is stored and listed as it was sent."""
    held = {"LATIN1": "\xe9", "SQL_ASCII": "e", "EUC_JP": "\u65e5\u672c"}[encoding]
    body = f'{{"id": "{held}", "observation": {{"Pclass": 3, "Sex": "male", '
    body += f'"SibSp": 1, "Parch": 0, "Cabin": "{held}"}}}}'
    assert running.client.post("/predict", body).status == 200
    row = next(row for row in running.client.rows() if row["observation_id"] == held)
    assert row["observation"] == body
    assert running.client.update(held, 1).json["observation_id"] == held
