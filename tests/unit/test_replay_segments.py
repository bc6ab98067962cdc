"""Into which parts a column divides the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from worker.replay.batches import segment_value
from worker.replay.segments import MOST_CATEGORIES, SegmentColumn


def divided(*chunks: list[Any]) -> dict[str, list[int]]:
    """The rows of each segment, by name."""
    column = SegmentColumn()
    codes = np.concatenate([column.add([segment_value(v) for v in values]) for values in chunks])
    return {each.name: np.flatnonzero(each.rows).tolist() for each in column.divide(codes)}


def test_categories() -> None:
    """By name, missing ones last; a number among texts is one of them."""
    assert divided(["male", "female", None], ["male", 3]) == {
        "3": [4], "female": [1], "male": [0, 3], "missing": [2]
    }  # fmt: skip


def test_few_numbers_are_categories() -> None:
    """In their order, whole or not; 10 does not come before 2."""
    assert list(divided([10, 2, 1.5, True])) == ["1.5", "2", "10", "true"]


def test_many_numbers_are_quarters() -> None:
    """As large as can be, each row in one; rows of the same number stay together."""
    numbers: list[Any] = list(range(100))
    found = divided([*numbers, None])
    assert list(found) == [
        "0 to 24.75", "above 24.75 to 49.5", "above 49.5 to 74.25", "above 74.25 to 99", "missing"
    ]  # fmt: skip
    assert [len(rows) for rows in found.values()] == [25, 25, 25, 25, 1]
    on_edges = divided(list(range(101)))
    assert [len(rows) for rows in on_edges.values()] == [26, 25, 25, 25]
    tied = divided([*([0] * 60), *range(1, 41)])
    assert sorted(row for rows in tied.values() for row in rows) == list(range(100))
    assert next(iter(tied)) == "0 to 15.25" and len(tied["0 to 15.25"]) == 75


def test_rare_categories_are_others() -> None:
    values = [f"text {n:02}" for n in range(30) for _ in range(30 - n)]
    found = divided(values)
    assert len(found) == MOST_CATEGORIES + 1
    assert len(found["others"]) == sum(range(1, 11))


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, None), ("", ""), (2, 2.0), (True, "true"), ([1], "an array"), ({}, "an object"),
     (10**400, str(10**400))],
)  # fmt: skip
def test_values(value: Any, kept: Any) -> None:
    """Whatever JSON holds can be told apart."""
    assert segment_value(value) == kept and type(segment_value(value)) is type(kept)


def test_empty() -> None:
    column = SegmentColumn()
    column.add([None, None])
    assert column.is_empty
    column.add(["x"])
    assert not column.is_empty
