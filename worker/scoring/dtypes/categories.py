"""How a column of categories takes values. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from worker.scoring.dtypes import times
from worker.scoring.dtypes.numbers import of_text
from worker.scoring.dtypes.read import Check, Read, Reader
from worker.scoring.dtypes.texts import texts_of


def reading(dtype: pd.CategoricalDtype) -> tuple[Check, Reader]:
    """The categories, and what means the same as one of them. Anything else is missing to the
    model, as pandas makes it."""
    categories = dtype.categories
    exact = {(type(value), value) for value in categories.tolist()}

    def fault(value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, list | dict):
            return "must be a string or a number"
        return None if (type(value), value) in exact else "not a category"

    def read(value: Any) -> Read | str:
        if isinstance(value, list | dict):
            return "must be a string or a number"
        for same in _same(value, categories):
            place = categories.get_indexer(pd.Index([same]))[0]
            if place >= 0:
                return Read(categories[place])
        return Read(None, is_known=False)

    return fault, read


def _same(value: Any, categories: Any) -> list[Any]:
    """What else means the same among these categories, and the value itself first."""
    found = [value]
    if pd.api.types.is_datetime64_any_dtype(categories.dtype):
        time = times.read(value, categories.dtype)
        found += [time.value] if isinstance(time, Read) else []
    elif isinstance(value, str):
        number = of_text(value)
        if number is not None and pd.api.types.is_numeric_dtype(categories.dtype):
            found += [] if pd.api.types.is_bool_dtype(categories.dtype) else [number]
    elif pd.api.types.is_bool_dtype(categories.dtype):
        found += [value == 1] if value in (0, 1) else []
    elif isinstance(value, bool) and pd.api.types.is_numeric_dtype(categories.dtype):
        found += [int(value)]
    else:
        found += texts_of(value)
    return found
