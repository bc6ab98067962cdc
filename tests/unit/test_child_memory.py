"""`worker.child_memory`: when a process is replaced."""

from __future__ import annotations

import mmap

import pytest

from worker import child_memory
from worker.child_memory import MIB, ChildMemory, held


def test_when_it_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bound, one at a time; above twice the bound whatever happens; and its successor
    counts anew."""
    first, second = (ChildMemory(100 * MIB) for _ in range(2))
    # As after a fork, they share what says that one is being replaced.
    second._replacing = first._replacing
    grown = {"now": 0}
    monkeypatch.setattr(child_memory, "held", lambda: 500 * MIB + grown["now"] * MIB)
    assert not first.must_end(), "it has not begun"
    first.begin()
    second.begin()
    for now, ends in ((0, False), (100, False), (101, True)):
        grown["now"] = now
        assert first.must_end() is ends
    for now, ends in ((101, False), (200, False), (201, True)):
        grown["now"] = now
        assert second.must_end() is ends
    successor = first
    successor.begin()
    assert not successor.must_end()
    grown["now"] = 302
    assert successor.must_end()


def test_what_a_process_holds() -> None:
    """It grows by what is kept."""
    before = held()
    # Of the system itself: a process that has freed much before would take it from there.
    with mmap.mmap(-1, 64 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as kept:
        for _ in range(64):
            kept.write(b"x" * MIB)
        assert 60 * MIB < held() - before < 80 * MIB
