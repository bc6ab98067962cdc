"""`api.http.byte_budget`: what all requests together may hold."""

from __future__ import annotations

import pytest

from api.http.byte_budget import SMALL, ByteBudget, HeldBytes
from shared.errors import BusyError

MOST = 16 * SMALL


def held(budget: ByteBudget, size: int) -> HeldBytes:
    found = budget.hold()
    found.take(size)
    return found


def test_the_large_leave_room_for_the_small() -> None:
    """Large bodies may use three quarters of the budget; the rest is for small ones."""
    budget = ByteBudget(MOST)
    large = held(budget, 12 * SMALL)
    with pytest.raises(BusyError) as refused:
        held(budget, SMALL + 1)
    assert refused.value.retry_after >= 1
    small = [held(budget, SMALL) for _ in range(4)]
    with pytest.raises(BusyError):
        held(budget, 1)
    small[0].give_back()
    held(budget, SMALL)
    large.give_back()
    held(budget, 2 * SMALL)


def test_a_body_that_grows_is_no_longer_small() -> None:
    """It is judged by what it has become, not by what came last."""
    budget = ByteBudget(MOST)
    held(budget, 12 * SMALL)
    growing = held(budget, SMALL)
    with pytest.raises(BusyError):
        growing.take(1)
    # What was refused is not counted.
    assert budget.held == 13 * SMALL


def test_given_back_once() -> None:
    """To give back twice gives back nothing more."""
    budget = ByteBudget(MOST)
    one = held(budget, 10)
    held(budget, 5)
    one.give_back()
    one.give_back()
    assert budget.held == 5
