"""Pages of the listing: by weight, and each row once however late it was committed."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from shared.db import labels, listing, predictions
from shared.db.engine import Database, connect
from shared.db.migrate import migrate
from shared.db.model_names import remember
from shared.db.predictions import Prediction
from shared.observation_id import ObservationId
from shared.settings import Settings
from tests.system import wait_for


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str]
) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    yield from _made(new_database_url(request.param))


@pytest.fixture
def on_postgres(new_database_url: Callable[[str], str]) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database, with a connection for each of five threads."""
    yield from _made(new_database_url("postgres"))


def _made(url: str) -> Iterator[Database]:
    made = connect(
        Settings.from_environment({"DATABASE_URL": url}).database_url, connections=6, wait=20.0
    )
    migrate(made)
    yield made
    made.close()


def store(connection: Connection, *names: str, size: int = 2) -> None:
    """Rows for these observations, with bodies of so many bytes."""
    body = "x" * size
    predictions.insert(
        connection, [Prediction(f"of {n}", ObservationId(n, True), body, 0.5, "v") for n in names]
    )


def read_on(database: Database, after: int, limit: int = 10**9) -> list[list[dict[str, Any]]]:
    """All pages from here to the end."""
    until = listing.settled_until(database)
    pages = []
    while page := database.read(lambda c, a=after: listing.page(c, a, until, limit)):  # type: ignore[misc]
        pages.append(page)
        after = page[-1]["id"]
    return pages


def sizes(pages: list[list[dict[str, Any]]]) -> list[list[int]]:
    return [[len(row["observation"]) for row in page] for page in pages]


def test_pages_by_weight(database: Database) -> None:
    """A page ends before a row that is too much for it, and has at least one row."""
    for number, size in enumerate((400_000, 400_000, 400_000, 3_000_000, 10, 700_000, 700_000)):
        database.write(lambda c, n=number, s=size: store(c, str(n), size=s))  # type: ignore[misc]
    assert sizes(read_on(database, 0)) == [
        [400_000, 400_000], [400_000], [3_000_000], [10, 700_000], [700_000]
    ]  # fmt: skip
    assert sizes(read_on(database, 0, limit=1))[:2] == [[400_000], [400_000]]


def test_answers_weigh(database: Database) -> None:
    """As much as what was sent: a page of large answers has few rows."""
    answer = {"prediction": "a" * 400_000}
    made = [
        Prediction(f"of {n}", ObservationId(f"{n}", True), "{}", None, "v", answer)
        for n in range(5)
    ]
    database.write(lambda c: predictions.insert(c, made))
    assert [len(page) for page in read_on(database, 0)] == [2, 2, 1]


def test_the_models_name(database: Database) -> None:
    """Is that of the row's version, also when it is said later, or said anew; each text can be one,
    whatever the database's encoding."""
    database.write(lambda c: store(c, "a"))
    assert read_on(database, 0)[0][0]["model_name"] is None
    for name in ("first", "naïve 💧", "naïve 💧"):
        database.write(lambda c, name=name: remember(c, "v", name))  # type: ignore[misc]
        database.write(lambda c: remember(c, "another", "other"))
        assert read_on(database, 0)[0][0]["model_name"] == name
    labelled = database.write(lambda c: labels.labelled(c, ["a"]))
    assert labelled["a"].row["model_name"] == "naïve 💧"


def test_pages_by_rows(database: Database) -> None:
    """Of small rows a page has 500, or as many as are asked for."""
    database.write(lambda c: store(c, *(f"{n:04}" for n in range(1200))))
    assert [len(page) for page in read_on(database, 0)] == [500, 500, 200]
    assert [len(page) for page in read_on(database, 1000, limit=120)] == [120, 80]


def test_nothing_is_loaded_that_is_not_sent(database: Database) -> None:
    """A page of a table of large rows costs what the page weighs."""
    for part in range(10):
        names = [f"{part} {n}" for n in range(8)]
        database.write(lambda c, names=names: store(c, *names, size=1_000_000))  # type: ignore[misc]
    loaded = []

    def note(_c: object, cursor: Any, *_: object) -> None:
        loaded.append(cursor.rowcount)

    event.listen(Engine, "after_cursor_execute", note)
    tracemalloc.start()
    try:
        page = database.read(lambda c: listing.page(c, 0, 10**6, 500))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        event.remove(Engine, "after_cursor_execute", note)
    assert len(page) == 1
    assert peak < 4_500_000
    if not database.on_sqlite:
        assert loaded == [1]


def test_every_row_once_beside_writers(on_postgres: Database) -> None:
    """Four writers whose transactions stay open for random times, and a reader who pages to the
    end again and again: every row once, in the order of `id`."""
    ended = threading.Event()
    failed: list[BaseException] = []

    def write(writer: int) -> None:
        random = Random(writer)
        try:
            for number in range(60):
                names = [f"{writer} {number} {part}" for part in range(random.randint(1, 4))]
                on_postgres.write(lambda c, names=names: hold(c, random, names))  # type: ignore[misc]
        except BaseException as error:
            failed.append(error)
            raise

    def hold(connection: Connection, random: Random, names: list[str]) -> None:
        store(connection, *names)
        pause = text("SELECT pg_sleep(:seconds)")
        connection.execute(pause, {"seconds": random.choice((0, 0, 0.002, 0.02, 0.05))})
        if random.random() < 0.1:
            # As when a cancelled request's row is taken back: numbers that never come.
            predictions.remove_of_requests(connection, [f"of {n}" for n in names], names)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    seen: list[int] = []
    for writer in writers:
        writer.start()
    while True:
        last_round = ended.is_set()
        for page in read_on(on_postgres, seen[-1] if seen else 0):
            seen += [row["id"] for row in page]
        if last_round:
            break
        if not any(writer.is_alive() for writer in writers):
            ended.set()
    assert not failed
    there = on_postgres.read(lambda c: list(c.execute(text("SELECT id FROM prediction")).scalars()))
    assert seen == sorted(there)


def test_who_stores_and_does_not_end(on_postgres: Database) -> None:
    """What was committed before is listed, what was drawn later is not; nobody waits for it."""
    on_postgres.write(lambda c: store(c, "before"))
    inside, let_go = threading.Event(), threading.Event()

    def stay(connection: Connection) -> None:
        store(connection, "stays")
        inside.set()
        assert let_go.wait(30)

    stuck = threading.Thread(target=on_postgres.write, args=(stay,))
    stuck.start()
    try:
        assert inside.wait(10)
        on_postgres.write(lambda c: store(c, "after"))
        listed = [row["observation_id"] for page in read_on(on_postgres, 0) for row in page]
        assert listed == ["before"]
    finally:
        let_go.set()
        stuck.join(20)
    listed = [row["observation_id"] for page in read_on(on_postgres, 0) for row in page]
    assert listed == ["before", "stays", "after"]


def test_who_is_about_to_end_is_waited_for(on_postgres: Database) -> None:
    """A client finds the row that it was just given, though another stores for a moment longer."""
    inside, let_go = threading.Event(), threading.Event()

    def stay(connection: Connection) -> None:
        store(connection, "stays")
        inside.set()
        assert let_go.wait(30)

    other = threading.Thread(target=on_postgres.write, args=(stay,))
    other.start()
    assert inside.wait(10)
    on_postgres.write(lambda c: store(c, "mine"))
    looks: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "pg_locks" in statement:
            looks.append(statement)

    found: list[int] = []
    reading = threading.Thread(target=lambda: found.append(listing.settled_until(on_postgres)))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        reading.start()
        wait_for(lambda: len(looks) > 1 or not reading.is_alive())
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        let_go.set()
    reading.join(10)
    other.join(10)
    assert found == [2]


@pytest.mark.parametrize("start", [2**31 - 2, 2**32 - 2, 2**33 + 2**31])
def test_large_numbers(on_postgres: Database, start: int) -> None:
    """Only the lower half of a number is said; the rest follows from the last one drawn."""
    restart = f"ALTER SEQUENCE prediction_id_seq RESTART WITH {start}"
    on_postgres.write(lambda c: c.exec_driver_sql(restart))
    on_postgres.write(lambda c: store(c, "first"))

    def look(connection: Connection) -> list[int]:
        store(connection, "a", "b", "c")
        assert on_postgres.read(listing.last_drawn) == start + 3
        return [
            on_postgres.read(lambda c, n=n: listing.settled_of(c, n))  # type: ignore[misc]
            for n in (start - 5, start, start + 3, start + 1000)
        ]

    assert on_postgres.write(look) == [start - 5, start, start, start]
    assert on_postgres.read(lambda c: listing.settled_of(c, start + 3)) == start + 3
