"""A piece's lines and columns are judged together as each is judged by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.errors import UnfitObservationError, WrongShapeError
from shared.observation_id import ObservationId
from shared.queue.messages import Kind
from tests.unit.test_framing import DTYPES, SCALARS, VALUES, model
from worker.model.loading import Model
from worker.pieces import ids, ndjson
from worker.pieces.columns import take_all
from worker.pieces.rejects import Reject
from worker.scoring.framing import columns, take

# Columns that take values in ways of their own, beside each other.
MODELS = [model({"a": dtype, "b": "float64"}) for dtype in DTYPES.values()]
COLUMNS = st.sampled_from(["a", "b", "c"])
OBSERVATIONS = st.dictionaries(COLUMNS, VALUES, max_size=3) | VALUES
DOCUMENTS = st.dictionaries(
    st.sampled_from(["id", "observation", "true_class", "x"]), OBSERVATIONS | SCALARS, max_size=4
) | st.fixed_dictionaries(
    {"id": SCALARS, "observation": st.dictionaries(COLUMNS, SCALARS, max_size=3)}
)
# How long an example takes to be drawn, or to be tried, says nothing.
ON_A_BUSY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What may break a line, or change what it says.
BITS = ['"', ":", ",", "{", "}", "[", "]", "1", "-", "e", ".", "NaN", "null", " ", "\t", "\\",
        '"a": 1,',
        '"id":2,', "\\ud800", "1" * 30, "-0", "1e400", "Infinity", "\x01", "é"]  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> str:
    """JSON, whole or with something in it that is none of it."""
    separators = draw(st.sampled_from([(", ", ": "), (",", ":"), (" ,", " :"), (",\t", "\t: ")]))
    whole = json.dumps(draw(DOCUMENTS), separators=separators, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        return whole
    at = draw(st.integers(0, len(whole)))
    return whole[:at] + draw(st.sampled_from(BITS)) + whole[at + draw(st.integers(0, 2)) :]


def shape(value: Any) -> str:
    """A value with the types of all that is in it."""
    return repr(value)


@pytest.mark.parametrize("kind", [Kind.PREDICT, Kind.UPDATE])
@ON_A_BUSY_MACHINE
@example(['{"id": 1, "id": 2, "observation": {"a": 1}}'])
@example(['{"id": 1, "observation": {"a": 1, "a": 2}}'])
@example(['{"id": 1, "observation": {"a" : ":", "a": "x:y"}}'])
@example(['{"id": 1, "observation": {"a": "\\":", "a": 1}}'])
@example(['{"id": 1, "true_class": 1, "true_class": 0}'])
@given(st.lists(lines(), max_size=8))
def test_lines_are_read_as_bodies_are(kind: Kind, texts: list[str]) -> None:
    """The same lines are rejected, for the same reasons, and the others hold the same; but for what
    is judged when the ids and the values are: those that are none, and integers beyond 64 bits."""
    read = ndjson.read_predictions if kind is Kind.PREDICT else ndjson.read_updates
    documents, rejects = read(texts)
    by_place = {one.place: one for one in rejects}
    for place, (text, document) in enumerate(zip(texts, documents, strict=True)):
        strictly = ndjson.read_strictly(text, place, kind)
        if document is None:
            assert strictly == by_place[place]
        elif isinstance(strictly, Reject):
            with pytest.raises(WrongShapeError):
                ObservationId.parse(document["id"])
        elif not has_giants(strictly):
            assert shape(document) == shape(strictly)


def has_giants(value: Any) -> bool:
    """Whether there is an integer beyond 64 bits in it, which orjson takes for a fraction."""
    if isinstance(value, dict):
        return any(map(has_giants, value.values()))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


@ON_A_BUSY_MACHINE
@example(MODELS[list(DTYPES).index("category of numbers")], [{"a": 1}, {"a": True}, {"a": 1.0}])
@example(MODELS[list(DTYPES).index("category of truths")], [{"a": True}, {"a": 1}, {"a": 0}])
@given(st.sampled_from(MODELS), st.lists(st.dictionaries(COLUMNS, VALUES, max_size=3), max_size=12))
def test_columns_take_what_each_value_alone_is_taken_for(
    some: Model, observations: list[dict[str, Any]]
) -> None:
    """The same values, errors and warnings."""
    # Infinity is not JSON, and no observation comes with it.
    texts = [
        text
        for text in (json.dumps({"id": 1, "observation": each}) for each in observations)
        if "Infinity" not in text
    ]
    documents, _ = ndjson.read_predictions(texts)

    def reread(place: int) -> dict[str, Any]:
        found = ndjson.read_strictly(texts[place], place, Kind.PREDICT)
        assert isinstance(found, dict)
        return dict(found["observation"])

    given_ones = [document["observation"] for document in documents if document is not None]
    taken = take_all(given_ones, some, reread)
    for place in range(len(texts)):
        try:
            one, warnings = take(reread(place), columns(some))
        except UnfitObservationError as error:
            found = taken.errors[place]
            assert (str(found), found.column) == (str(error), error.column)
            continue
        assert place not in taken.errors
        assert taken.warnings.get(place, []) == warnings
        for name in some.columns:
            assert shape(taken.values[name][place]) == shape(one.get(name))


@ON_A_BUSY_MACHINE
@example([2**63])
@example([-(2**63) - 1, 1])
@example(["a", "\x00"])
@given(st.lists(SCALARS, min_size=1) | st.lists(st.integers(), min_size=1)
       | st.lists(st.text(max_size=300), min_size=1))  # fmt: skip
def test_ids_are_judged_as_each_alone(sent: list[Any]) -> None:
    """The same keys and kinds, and the same errors."""
    found = ids.judge(sent)
    for place, value in enumerate(sent):
        try:
            alone = ObservationId.parse(value)
        except WrongShapeError as error:
            assert str(found.errors[place]) == str(error)
            continue
        assert (found.keys[place], found.are_text[place]) == (alone.key, alone.is_text)
        assert place not in found.errors
