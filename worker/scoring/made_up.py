"""Made-up observations to try a model on before the first request. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from worker.model.known_categories import likely_categories, plain
from worker.model.loading import Model
from worker.scoring.framing import Observation, columns

# Enough for a group that is padded and one that is not; each costs a few calls at start.
ROWS = 16
NUMBERS = (0, 1, 2, 3, 0.5, 5, 0.125, 8, -1, 13, 0.25, 21, 34, 4, 1.5, 60)
# No larger ones: a pipeline may count up to a value, or allocate as much.
LARGE = (1_000_000, -1_000_000, 100, -100)
TRUTHS = (True, False)
TEXTS = ("a", "b", "c", "d", "e", "1", "", "long " * 20)
DAYS = tuple(f"2020-{month:02}-{day:02}" for month in (1, 7) for day in range(1, 29, 4))
DURATIONS = tuple(f"P{days}D" for days in range(8))


def observations(model: Model) -> list[Observation]:
    """Different rows that the columns' dtypes take: with and without missing values, with large
    numbers, one of nothing, and one that is there twice. Categories are the pipeline's own where
    an encoder of scikit-learn knows them."""
    known = likely_categories(model)
    readers = {each.name: each for each in columns(model)}
    values: dict[str, Sequence[Any]] = {}
    large: dict[str, Sequence[Any]] = {}
    nullable: set[str] = set()
    for name in model.columns:
        takes = readers[name].takes if name in readers else lambda value: True
        own = [v for v in known.get(name, ())[:ROWS] if takes(v)]
        dtype: Any = model.dtypes.get(name, object)
        values[name] = own or [v for v in _values(dtype) if takes(v)] or [None]
        numeric = not own and pd.api.types.is_numeric_dtype(dtype)
        large[name] = [v for v in LARGE if numeric and takes(v)] or values[name]
        if takes(None):
            nullable.add(name)
    rows = [_row(values, number) for number in range(ROWS)]
    for number in range(3, ROWS, 4):
        for place, name in enumerate(model.columns):
            if name in nullable and (place + number // 4) % 2 == 0:
                rows[number][name] = None
    blank = {name: None if name in nullable else values[name][0] for name in model.columns}
    return [*rows, blank, _row(large, 0), _row(large, 1), rows[0]]


def _row(values: dict[str, Sequence[Any]], number: int) -> Observation:
    # An odd stride walks through a list of sixteen without a repetition, each column in an order
    # of its own.
    return {
        name: of_column[(number * (2 * place + 1) + place) % len(of_column)]
        for place, (name, of_column) in enumerate(values.items())
    }


def _values(dtype: Any) -> Sequence[Any]:
    if isinstance(dtype, pd.CategoricalDtype):
        return [plain(category) for category in dtype.categories[:ROWS]]
    if pd.api.types.is_object_dtype(dtype) or isinstance(dtype, pd.StringDtype):
        return TEXTS
    if pd.api.types.is_bool_dtype(dtype):
        return TRUTHS
    if pd.api.types.is_numeric_dtype(dtype):
        return NUMBERS
    return DURATIONS if pd.api.types.is_timedelta64_dtype(dtype) else DAYS
