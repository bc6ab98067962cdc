"""The values of a piece's observations, checked a column at a time. Pure.

`worker.scoring.framing.take` says what becomes of an observation by itself, and stays the judge:
here the different values of a column are tried once each, and only an observation that has one
which is not simply taken is asked about by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.errors import UnfitObservationError
from worker.model.loading import Model
from worker.scoring.dtypes.read import Read
from worker.scoring.framing import Observation, columns, take
from worker.scoring.reading import Column

# Integers beyond 64 bits are read as floats by orjson.
_GIANT = 2.0**63


@dataclass(frozen=True, slots=True)
class Taken:
    """The values of each column, by its name, as the model takes them; what each observation that
    it does not take is refused for, and what is to be said of others, by place."""

    values: dict[str, list[Any]]
    errors: dict[int, UnfitObservationError] = field(default_factory=dict)
    warnings: dict[int, list[str]] = field(default_factory=dict)


def take_all(
    observations: list[Observation], model: Model, reread: Callable[[int], Observation]
) -> Taken:
    """What `take` makes of each observation. `reread` gives the one at a place as the strict reader
    of JSON reads it; it takes its place in the list."""
    values = {name: [o.get(name) for o in observations] for name in model.columns}
    for place in sorted(_with_giants(values)):
        observations[place] = again = reread(place)
        for name, of_column in values.items():
            of_column[place] = again.get(name)
    taken = Taken(values)
    doubtful: set[int] = set()
    for column in columns(model):
        values[column.name], not_taken = _take(column, values[column.name])
        doubtful.update(not_taken)
    readers = columns(model)
    for place in doubtful:
        try:
            one, warnings = take(observations[place], readers)
        except UnfitObservationError as error:
            taken.errors[place] = error
            continue
        taken.warnings[place] = warnings
        for name, of_column in values.items():
            of_column[place] = one.get(name)
    return taken


def _take(column: Column, values: list[Any]) -> tuple[list[Any], Sequence[int]]:
    """The values as a column takes them, and the places of those that it does not simply take."""
    try:
        kinds = set(map(type, values))
        # In Python 1 and 1.0 and True are equal.
        several = len(kinds - {type(None)}) > 1
        sent: Any = list(zip(map(type, values), values, strict=True)) if several else values
        read = {each: _read(column, each[1] if several else each) for each in set(sent)}
    except TypeError:  # a list or an object among them
        faults = [place for place, value in enumerate(values) if column.fault(value) is not None]
        return values, faults
    if all(found is None for found in read.values()):
        return values, ()
    not_taken = {each for each, found in read.items() if found is not None and not found.is_known}
    changed = {each: found for each, found in read.items() if found is not None}
    return (
        [changed[each].value if each in changed else value
         for each, value in zip(sent, values, strict=True)],
        [place for place, each in enumerate(sent) if each in not_taken] if not_taken else (),
    )  # fmt: skip


# Stands for what is not simply taken.
_DOUBTFUL = Read(None, is_known=False)


def _read(column: Column, value: Any) -> Read | None:
    """What a value is read as; None when it is taken as it is."""
    if column.fault(value) is None:
        return None
    # -0.0 is equal to 0.0, and has another text.
    found = None if type(value) is float else column.read(value)
    return found if isinstance(found, Read) and found.is_known else _DOUBTFUL


def _with_giants(values: dict[str, list[Any]]) -> set[int]:
    """The places of observations with a number that may have been an integer beyond 64 bits."""
    return {
        place
        for of_column in values.values()
        if float in set(map(type, of_column)) and _has_giants(of_column)
        for place, value in enumerate(of_column)
        if type(value) is float and abs(value) >= _GIANT
    }


def _has_giants(values: list[Any]) -> bool:
    try:
        return any(type(v) is float and abs(v) >= _GIANT for v in set(values))
    except TypeError:
        return True
