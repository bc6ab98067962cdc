"""`api.acceptance.group_commit`: who shares a commit, and an error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from api.acceptance.group_commit import GroupCommit
from shared.errors import DatabaseAwayError


class Ledger:
    """Flushes when it is told to, one group after the other."""

    def __init__(self, error: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.go = asyncio.Event()
        self._error = error

    async def flush(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        await asyncio.wait_for(self.go.wait(), 10)
        if self._error is not None and len(self.groups) == 1:
            raise self._error
        return [10 * item for item in items]


async def gather(ledger: Ledger) -> list[int | str]:
    """One is being flushed while three more come; what each of them got."""
    commits: GroupCommit[int, int] = GroupCommit(ledger.flush, 2)

    async def add(item: int) -> int | str:
        try:
            return await commits.add(item)
        except (DatabaseAwayError, ValueError) as error:
            return str(error)

    asked = [asyncio.create_task(add(0))]
    while not ledger.groups:
        await asyncio.sleep(0)
    asked += [asyncio.create_task(add(item)) for item in (1, 2, 3)]
    await asyncio.sleep(0)
    ledger.go.set()
    return await asyncio.gather(*asked)


def test_who_comes_meanwhile_shares_the_next() -> None:
    """Groups no larger than allowed, in order, and each its own result."""

    async def run() -> None:
        ledger = Ledger()
        assert await gather(ledger) == [0, 10, 20, 30]
        assert ledger.groups == [[0], [1, 2], [3]]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "groups"),
    [(ValueError("bad"), [[0], [1, 2], [3]]), (DatabaseAwayError("away"), [[0]])],
)
def test_an_error_is_its_groups(error: Exception, groups: list[list[int]]) -> None:
    """Others are not touched by it, unless a part is away: nobody waits for that a second time."""

    async def run() -> None:
        ledger = Ledger(error)
        others: list[int | str] = [10, 20, 30] if len(groups) > 1 else ["away"] * 3
        assert await gather(ledger) == [str(error), *others]
        assert ledger.groups == groups

    asyncio.run(run())


def test_it_goes_on_after_an_error() -> None:
    """Whoever comes after a commit that failed is committed as if nothing had been."""

    async def run() -> None:
        ledger = Ledger(DatabaseAwayError("away"))
        ledger.go.set()
        commits: GroupCommit[int, int] = GroupCommit(ledger.flush, 2)
        with pytest.raises(DatabaseAwayError):
            await commits.add(1)
        assert await commits.add(2) == 20

    asyncio.run(run())
