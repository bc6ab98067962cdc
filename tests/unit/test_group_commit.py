"""`api.acceptance.group_commit`: who shares a commit, and an error."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.acceptance.group_commit import GroupCommit
from shared.errors import DatabaseAwayError
from tests.system import wait_for


class Ledger:
    """Flushes when it is told to, one group after the other."""

    def __init__(self, error: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.go = threading.Event()
        self._error = error

    def flush(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        assert self.go.wait(10)
        if self._error is not None and len(self.groups) == 1:
            raise self._error
        return [10 * item for item in items]


def gather(ledger: Ledger) -> list[int | str]:
    """One is being flushed while three more come; what each of them got."""
    gathering: GroupCommit[int, int] = GroupCommit(ledger.flush, 2)

    def add(item: int) -> int | str:
        try:
            return gathering.add(item)
        except (DatabaseAwayError, ValueError) as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(add, 0)]
        wait_for(lambda: ledger.groups, 5, "the first is being flushed")
        for item in (1, 2, 3):
            asked.append(pool.submit(add, item))
            wait_for(lambda item=item: len(gathering._pending) == item, 5, "it waits")  # type: ignore[misc]
        ledger.go.set()
        return [one.result(10) for one in asked]


def test_who_comes_meanwhile_shares_the_next() -> None:
    """Groups no larger than allowed, in order, and each its own result."""
    ledger = Ledger()
    assert gather(ledger) == [0, 10, 20, 30]
    assert ledger.groups == [[0], [1, 2], [3]]


@pytest.mark.parametrize(
    ("error", "groups"),
    [(ValueError("bad"), [[0], [1, 2], [3]]), (DatabaseAwayError("away"), [[0]])],
)
def test_an_error_is_its_groups(error: Exception, groups: list[list[int]]) -> None:
    """Others are not touched by it, unless a part is away: nobody waits for that a second time."""
    ledger = Ledger(error)
    others = [10, 20, 30] if len(groups) > 1 else ["away"] * 3
    assert gather(ledger) == [str(error), *others]
    assert ledger.groups == groups
