"""The categories that a fitted pipeline's encoders know, by column. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from worker.model.loading import Model


def known_categories(model: Model) -> dict[str, list[Any]]:
    """For each column that goes straight to an encoder of scikit-learn, its categories as JSON has
    them, without missing ones."""
    return dict(_categories(model.pipeline))


def _categories(part: Any, names: Any = None) -> Iterator[tuple[str, list[Any]]]:
    """The columns whose categories a fitted encoder knows, and those. `names` are the columns that
    a pipeline is given: the array that its steps pass on has no names."""
    names = getattr(part, "feature_names_in_", names)
    categories = getattr(part, "categories_", None)
    if isinstance(categories, list) and names is not None and len(names) == len(categories):
        for name, own in zip(names, categories, strict=True):
            yield str(name), [plain(value) for value in own if not pd.isna(value)]
    for _, step in getattr(part, "steps", ()):
        yield from _categories(step, names)
    for _, transformer, _ in getattr(part, "transformers_", ()):
        yield from _categories(transformer)


def plain(value: Any) -> Any:
    """As JSON has it."""
    bare = value.item() if isinstance(value, np.generic) else value
    return bare if isinstance(bare, str | int | float | bool) else str(bare)
