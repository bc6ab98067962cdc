"""`api.acceptance.database_threads`: who waits for a database that is seen to be away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from api.acceptance.database_threads import DatabaseThreads
from shared.db.engine import Database, connect
from shared.errors import DatabaseAwayError, UnknownCommitError


class Held:
    """Work for a thread, which it holds until it is told to go on."""

    def __init__(self) -> None:
        self.is_begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, _: object) -> str:
        self.is_begun.set()
        assert self.go.wait(10)
        return "done"


async def asked(answer: Awaitable[object]) -> object:
    try:
        return await answer
    except DatabaseAwayError as error:
        return type(error), str(error)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return connect(f"sqlite:///{tmp_path}/file.db", connections=1, wait=10.0)


AWAY = DatabaseAwayError("the database does not answer")


@pytest.mark.parametrize(
    ("verb", "told"), [("read", DatabaseAwayError), ("write", UnknownCommitError)]
)
def test_what_a_thread_has_begun(
    database: Database, verb: str, told: type[DatabaseAwayError]
) -> None:
    """Who waits for it is told at once, and of a write that it may be committed. What it comes to
    in the end is told to nobody, and the thread does the next work."""

    async def run() -> None:
        threads, held = DatabaseThreads(database, 1), Held()
        ask: Callable[[Callable[[Connection], object]], Awaitable[object]] = getattr(threads, verb)
        waiting = asyncio.create_task(asked(ask(held)))
        assert await asyncio.to_thread(held.is_begun.wait, 10)
        threads.give_up(AWAY)
        assert await waiting == (told, str(AWAY))
        held.go.set()
        assert await threads.read(lambda _: "next") == "next"

    asyncio.run(run())


def test_what_waits_for_a_thread(database: Database) -> None:
    """It is told that nothing was done, which stays so when a thread is free."""

    async def run() -> None:
        threads, held, behind = DatabaseThreads(database, 1), Held(), Held()
        first = asyncio.create_task(asked(threads.draw(held)))
        assert await asyncio.to_thread(held.is_begun.wait, 10)
        second = asyncio.create_task(asked(threads.write(behind)))
        await asyncio.sleep(0)
        threads.give_up(AWAY)
        assert await first == (DatabaseAwayError, str(AWAY))
        assert await second == (DatabaseAwayError, str(AWAY))
        held.go.set()
        assert await threads.read(lambda _: "next") == "next"
        assert not behind.is_begun.is_set()

    asyncio.run(run())


def test_nobody_who_comes_later(database: Database) -> None:
    """A database that is back answers those who ask it then."""

    async def run() -> None:
        threads = DatabaseThreads(database, 1)
        threads.give_up(AWAY)
        assert await threads.write(lambda _: "stored") == "stored"

    asyncio.run(run())
