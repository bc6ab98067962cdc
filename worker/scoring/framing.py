"""From JSON observations to the frame that the pipeline was fitted on. Pure.

A value is taken, or refused, by itself: what else is in the group makes no difference to it. The
ancestor let pandas infer a type for each request, which made an answer depend on company.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from shared.errors import UnfitObservationError
from shared.shown import shown
from worker.model.known_categories import columns_of_none, known_categories
from worker.model.loading import Model
from worker.scoring.dtypes.arrays import maker
from worker.scoring.reading import Column, column

Observation = dict[str, Any]


def unknown_keys(observation: Observation, model: Model) -> list[str]:
    """The observation's keys that the model has no column for, in the order sent."""
    if model.dtypes.keys() >= observation.keys():
        return []
    columns = set(model.columns)
    return [key for key in observation if key not in columns]


@lru_cache(maxsize=4)  # a process has one model
def columns(model: Model) -> tuple[Column, ...]:
    """How each column takes values; those that take anything are left out."""
    known = known_categories(model)
    found = (column(name, model.dtypes.get(name), known.get(name, ())) for name in model.columns)
    return tuple(each for each in found if each is not None)


def take(observation: Observation, columns: Sequence[Column]) -> tuple[Observation, list[str]]:
    """The observation as the columns read it, and a warning for each value that the model does not
    know. Mostly the same object.

    Raises:
        UnfitObservationError: the model cannot take it; the first column at fault is named.
    """
    taken = observation
    warnings = []
    for each in columns:
        value = observation.get(each.name)
        if each.fault(value) is None:
            continue
        read = each.read(value)
        if isinstance(read, str):
            raise UnfitObservationError(f"{each.name} is {shown(value)}: {read}", each.name)
        if taken is observation:
            taken = {**observation}
        taken[each.name] = read.value
        if not read.is_known:
            warnings.append(f"{each.name} is {shown(value)}, which the model does not know")
    return taken, warnings


def frame(observations: Sequence[Observation], model: Model) -> Any:
    """What the pipeline is given of observations that `take` has let pass: a frame of shape (rows,
    columns), or, of a pipeline that was fitted on one column of texts, a Series of shape (rows,).

    Missing keys and nulls are missing values, as they were in training: NaN, and None only where an
    encoder has learnt that.

    Raises:
        ValueError, TypeError, OverflowError: a dtype does not take a value after all.
    """
    names = model.columns
    return frame_of({name: [o.get(name) for o in observations] for name in names}, model)


def frame_of(values: Mapping[str, list[Any]], model: Model) -> Any:
    """The same of the values of each column, by its name.

    Raises:
        ValueError, TypeError, OverflowError: as `frame`.
    """
    made = {label: make(values[name]) for name, label, make in _makers(model)}
    if model.takes_series:
        ((label, values),) = made.items()
        return pd.Series(values, name=label)
    return pd.DataFrame(made, copy=False)


@lru_cache(maxsize=4)
def _makers(model: Model) -> tuple[tuple[str, Any, Callable[[list[Any]], Any]], ...]:
    """Of each column its key in an observation, its label in the frame, and what makes it."""
    none = columns_of_none(model)
    return tuple(
        (name, label, maker(model.dtypes.get(name), None if name in none else math.nan))
        for name, label in zip(model.columns, model.labels or model.columns, strict=True)
    )
