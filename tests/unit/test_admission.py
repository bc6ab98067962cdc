"""`api.acceptance.admission`: the bound, and when it is worth coming back."""

from __future__ import annotations

import pytest

from api.acceptance.admission import LATEST, SOONEST, STANDING, Admission, retry_after
from shared.errors import BusyError


def test_the_bound() -> None:
    """So many and no more; a tenth beyond for requests that somebody waits for."""
    backlog = Admission(100)
    for _ in range(100):
        backlog.admit(waited_for=False)
    with pytest.raises(BusyError, match="the queue is full: 100 jobs are unfinished"):
        backlog.admit(waited_for=False)
    for _ in range(10):
        backlog.admit(waited_for=True)
    with pytest.raises(BusyError) as refused:
        backlog.admit(waited_for=True)
    assert refused.value.status == 503
    assert refused.value.retry_after == STANDING


@pytest.mark.parametrize(
    ("bound", "waiting", "rate", "seconds"),
    [
        (1000, 1000, 10.0, 10),  # a tenth of the bound at ten a second
        (1000, 1100, 10.0, 20),  # and what is beyond the bound
        (1000, 1000, 3.0, 34),
        (1000, 1000, 1e6, SOONEST),
        (1000, 1000, 0.01, LATEST),
        (1000, 1000, 0.0, STANDING),
        (1, 1, 1.0, 1),
    ],
)
def test_retry_after(bound: int, waiting: int, rate: float, seconds: int) -> None:
    """As long as it takes, at the measured rate, until there is room worth coming for."""
    assert retry_after(bound, waiting, rate) == seconds
