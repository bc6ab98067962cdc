"""The database as the event loop asks it: on threads, as many as it has connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from shared.db.engine import Database

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class DatabaseThreads:
    """Runs the functions that `Database` takes, and raises what it raises."""

    def __init__(self, database: Database, connections: int) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(connections, "database")

    async def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run a function that only reads.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        return await self._on_a_thread(self._database.read, work)

    async def write(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run a function in one transaction, committed when this returns.

        Raises:
            DatabaseAwayError: as `Database.write`.
        """
        return await self._on_a_thread(self._database.write, work)

    async def ask(self, work: Callable[[Database], Answer]) -> Answer:
        """Run a function that makes transactions of its own.

        Raises:
            DatabaseAwayError: as `Database.write`.
        """
        return await self._on_a_thread(work, self._database)

    async def _on_a_thread(self, run: Callable[[Given], Answer], given: Given) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, given)
