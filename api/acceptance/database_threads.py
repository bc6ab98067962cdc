"""The database as the event loop asks it: on threads, as many as it has connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from shared.db.engine import Database
from shared.errors import DatabaseAwayError, UnknownCommitError

Given = TypeVar("Given")
Answer = TypeVar("Answer")


@dataclass(eq=False, slots=True)
class _Call:
    """What a thread does, or is to do; what is told to whoever waits for it; and whether it may
    leave something in the database."""

    work: Future[Any]
    answer: asyncio.Future[Any]
    commits: bool


class DatabaseThreads:
    """Runs the functions that `Database` takes, and raises what it raises; of the event loop's
    thread only."""

    def __init__(self, database: Database, connections: int) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(connections, "database")
        self._calls: set[_Call] = set()

    async def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run a function that only reads.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        return await self._on_a_thread(self._database.read, work, commits=False)

    async def write(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run a function in one transaction, committed when this returns.

        Raises:
            DatabaseAwayError: as `Database.write`.
            UnknownCommitError: as `Database.write`.
        """
        return await self._on_a_thread(self._database.write, work, commits=True)

    async def draw(self, work: Callable[[Database], Answer]) -> Answer:
        """Run a function that draws numbers, of which nobody misses any.

        Raises:
            DatabaseAwayError: as `Database.write`.
        """
        return await self._on_a_thread(work, self._database, commits=False)

    def give_up(self, error: DatabaseAwayError) -> None:
        """Tell all who wait that the database is away. By themselves they would find out later:
        after their own time, and that of what is ahead of them."""
        for call in self._calls:
            # A future that can be cancelled has not begun, and never will.
            unknown = not call.work.cancel() and call.commits
            if not call.answer.done():
                call.answer.set_exception(UnknownCommitError(str(error)) if unknown else error)

    async def _on_a_thread(
        self, run: Callable[[Given], Answer], given: Given, commits: bool
    ) -> Answer:
        loop = asyncio.get_running_loop()
        call = _Call(self._threads.submit(run, given), loop.create_future(), commits)

        def ended(_: Future[Answer]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_tell, call)

        self._calls.add(call)
        call.work.add_done_callback(ended)
        try:
            answer: Answer = await call.answer
            return answer
        finally:
            self._calls.discard(call)
            call.work.cancel()


def _tell(call: _Call) -> None:
    """Tell whoever waits what came of it, unless they were told something already."""
    if call.answer.done() or call.work.cancelled():
        return
    error = call.work.exception()
    if error is not None:
        call.answer.set_exception(error)
    else:
        call.answer.set_result(call.work.result())
