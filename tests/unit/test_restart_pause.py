"""`local.restart_pause`: how long a part that died stays down."""

from __future__ import annotations

from local.restart_pause import LONGEST, RAN_WELL, RestartPause


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_grows_until_a_run_went_well() -> None:
    """1, 2, 4 … 30 s, and from the start again after a run of a minute."""
    clock = Clock()
    pause = RestartPause(clock)
    pauses = []
    for seconds in (5.0, 0.0, 0.0, RAN_WELL - 0.1, 0.0, 0.0, 0.0, RAN_WELL, 0.0):
        pause.started()
        clock.now += seconds
        pauses.append(pause.ended())
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST, LONGEST, 1.0, 2.0]


def test_the_time_that_it_was_down_is_not_time_that_it_ran() -> None:
    """A part that is started again after a long pause, and dies at once, did not run well."""
    clock = Clock()
    pause = RestartPause(clock)
    assert pause.ended() == 1.0
    clock.now += 2 * RAN_WELL
    pause.started()
    assert pause.ended() == 2.0
