"""Group commit: who arrives while a commit is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from shared.errors import DatabaseAwayError, UnavailableError, UnknownCommitError

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Runs `flush` for many callers at once; of the event loop's thread only.

    `flush` takes up to `size` items and returns a result for each, in order; what it raises, all
    of them get. When that is that a part is away, those who came meanwhile are told so too: they
    would find the same out in as much time again.
    """

    def __init__(
        self, flush: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], size: int
    ) -> None:
        self._flush = flush
        self._size = size
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        # The task that commits, as long as something waits.
        self._committing: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """The result for this item, once the group that it was in is done."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        return await result

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
                await self._commit(group)
        finally:
            self._committing = None

    async def _commit(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._flush([item for item, _ in group])
            pairs = list(zip(group, results, strict=True))
        except Exception as error:  # every one of them has to hear of it
            _fail(group, error)
            if isinstance(error, UnavailableError):
                waiting, self._waiting = self._waiting, []
                if isinstance(error, UnknownCommitError):
                    # Of these nothing was sent.
                    error = DatabaseAwayError("the database does not answer")
                _fail(waiting, error)
            return
        for (_, future), result in pairs:
            # One that is done was cancelled with its task: this process ends.
            if not future.done():
                future.set_result(result)


def _fail(group: Iterable[tuple[object, asyncio.Future[Any]]], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
