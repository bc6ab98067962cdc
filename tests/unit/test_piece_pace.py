"""How many rows of a piece are asked about at a time, on a simulated clock."""

from __future__ import annotations

from worker.pieces.pace import AT_ONCE, FEWEST, HELD, Pace


def test_few_at_first_and_then_as_many_as_fit() -> None:
    """A frame costs something however few rows it has."""
    pace = Pace()
    rows = []
    for _ in range(4):
        rows.append(pace.rows())
        pace.measured(rows[-1], 0.004 + 0.00001 * rows[-1])
    assert rows[0] == FEWEST
    assert rows == sorted(rows) and rows[-1] > 2000
    assert all(some % FEWEST == 0 for some in rows)


def test_a_slow_model_is_asked_about_few() -> None:
    """So that no request waits long behind them, and none is taken for one that hangs."""
    pace = Pace()
    pace.measured(FEWEST, FEWEST * 1.0)
    assert pace.rows() == FEWEST
    assert not pace.has_time(HELD)


def test_a_piece_is_left_when_it_has_held_a_process_for_long() -> None:
    pace = Pace()
    pace.measured(800, 0.04)
    assert pace.has_time(HELD - AT_ONCE - 0.001)
    assert not pace.has_time(HELD - AT_ONCE / 2)
