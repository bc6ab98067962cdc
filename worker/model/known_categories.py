"""The categories that a fitted pipeline's encoders know, by column. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from worker.model.loading import Model

# Where estimators that wrap others keep what they have fitted.
_WRAPPED = ("best_estimator_", "estimator_", "regressor_")


def known_categories(model: Model) -> dict[str, list[Any]]:
    """For each column whose values reach encoders of scikit-learn as they were sent, the categories
    that those know, as JSON has them, without missing ones."""
    return _by_column(found for found in _of(model) if found.is_direct)


def likely_categories(model: Model) -> dict[str, list[Any]]:
    """The same, and of columns that a step before the encoder may have changed or put into another
    order: good enough to make up rows."""
    return _by_column(_of(model))


def columns_of_none(model: Model) -> frozenset[str]:
    """The columns whose missing values were None in training, to an encoder that takes NaN for
    another value."""
    return frozenset(found.name for found in _of(model) if found.is_direct and found.has_none)


@dataclass(frozen=True, slots=True)
class _Encoded:
    name: str
    categories: list[Any]
    is_direct: bool
    has_none: bool


def _by_column(found: Iterator[_Encoded]) -> dict[str, list[Any]]:
    known: dict[str, list[Any]] = {}
    for encoded in found:
        # Several encoders may be given the same column: what one of them knows, the model knows.
        own = known.setdefault(encoded.name, [])
        there = {(type(value), value) for value in own}
        own += [value for value in encoded.categories if (type(value), value) not in there]
    return known


def _of(model: Model) -> Iterator[_Encoded]:
    return _encoded(model.pipeline, model.columns, is_direct=True)


def _encoded(part: Any, given: Sequence[str] | None, is_direct: bool) -> Iterator[_Encoded]:
    """What the encoders in a part of the pipeline know. `given` are the columns that it is given,
    where that is known, and `is_direct` says that their values are those that were sent."""
    own = getattr(part, "feature_names_in_", None)
    if own is not None:
        names = [str(name) for name in own]
        is_direct = is_direct and given is not None and names == list(given)
        given = names
    categories = getattr(part, "categories_", None)
    if isinstance(categories, list) and given is not None and len(given) == len(categories):
        for name, of_column in zip(given, categories, strict=True):
            missing = [value for value in of_column if pd.isna(value)]
            values = [plain(value) for value in of_column if not pd.isna(value)]
            yield _Encoded(name, values, is_direct, missing == [None])
    of_step = is_direct
    for _, step in _named(part, "steps"):
        yield from _encoded(step, given, of_step)
        of_step = of_step and _keeps_values(step)
    for _, transformer, chosen in _named(part, "transformers_"):
        columns = _chosen(chosen, given)
        yield from _encoded(transformer, columns, is_direct and columns is not None)
    for inner in _side_by_side(part):
        yield from _encoded(inner, given, is_direct)


def _side_by_side(part: Any) -> list[Any]:
    """The estimators in this part that are given what it is given."""
    found = [transformer for _, transformer in _named(part, "transformer_list")]
    found += [getattr(part, name, None) for name in _WRAPPED]
    folds = getattr(part, "calibrated_classifiers_", None)
    found += [getattr(fold, "estimator", None) for fold in folds] if isinstance(folds, list) else []
    named = getattr(part, "named_estimators_", None)
    found += named.values() if isinstance(named, dict) else []
    return [inner for inner in found if inner is not None and inner is not part]


def _named(part: Any, attribute: str) -> list[tuple[Any, ...]]:
    """What a composition of scikit-learn's is made of; a stranger's attribute may be anything."""
    found = getattr(part, attribute, None)
    if not isinstance(found, list) or not all(isinstance(each, tuple) for each in found):
        return []
    return [each for each in found if len(each) == (3 if attribute == "transformers_" else 2)]


def _keeps_values(step: Any) -> bool:
    """Whether a step passes on the same columns in the same order, with at most missing values
    filled."""
    if step is None or isinstance(step, str):  # passed through
        return True
    is_imputer = type(step).__name__ == "SimpleImputer"
    return is_imputer and not getattr(step, "add_indicator", False)


def _chosen(columns: Any, given: Sequence[str] | None) -> list[str] | None:
    """The names of the columns that a transformer was given of those; None when that is not known.
    They are chosen by names, by places, by a slice of places or by a mask."""
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, slice):
        bounds = (columns.start, columns.stop, columns.step)
        by_place = all(bound is None or isinstance(bound, int) for bound in bounds)
        return list(given[columns]) if given is not None and by_place else None
    chosen = np.asarray(columns).tolist() if np.ndim(columns) == 1 else []
    if chosen and all(isinstance(each, str) for each in chosen):
        return chosen
    if given is None or not all(isinstance(each, int) for each in chosen):
        return None
    if all(isinstance(each, bool) for each in chosen):
        return [name for name, is_taken in zip(given, chosen, strict=False) if is_taken]
    return [given[place] for place in chosen if -len(given) <= place < len(given)]


def plain(value: Any) -> Any:
    """As JSON has it."""
    bare = value.item() if isinstance(value, np.generic) else value
    return bare if isinstance(bare, str | int | float | bool) else str(bare)
