"""`worker.scoring.true_class`: what really happened, in the words of the model's classes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WrongShapeError
from tests.answerings import classifier, regressor
from worker.scoring.true_class import recognise, recognise_class

NUMBERS, TEXTS, TRUTHS, WORDS = (0, 1), ("0", "1"), (False, True), ("no", "yes")


@pytest.mark.parametrize(
    ("value", "classes", "expected"),
    [
        (0, NUMBERS, 0), (1, NUMBERS, 1), ("0", NUMBERS, 0), ("1", NUMBERS, 1), (1.0, NUMBERS, 1),
        (True, NUMBERS, 1), (False, NUMBERS, 0), (0, TEXTS, "0"), ("1", TEXTS, "1"),
        (True, TRUTHS, True), (1, TRUTHS, True), (0.0, TRUTHS, False), ("True", TRUTHS, True),
        ("yes", WORDS, "yes"), (1, (1.0, 2.0), 1.0), (2.0, (1, 2, 3), 2), ("3", (1, 2, 3), 3),
    ],
)  # fmt: skip
def test_a_known_class_is_recognised(value: Any, classes: tuple[Any, ...], expected: Any) -> None:
    """A class sent as a number, a text or a boolean is stored as the model knows it."""
    found = recognise_class(value, classes)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "classes", "expected"),
    [
        (2, NUMBERS, 2), (-1, NUMBERS, -1), (2.0, NUMBERS, 2), (2**63 - 1, NUMBERS, 2**63 - 1),
        ("maybe", WORDS, "maybe"), ("2", TEXTS, "2"), ("", WORDS, ""), ("Yes", WORDS, "Yes"),
        (7, (1, 2, 3), 7), (0.75, (0.5, 1.5), 0.75), (3, (0.5, 1.5), 3),
    ],
)  # fmt: skip
def test_a_class_never_seen_is_kept(value: Any, classes: tuple[Any, ...], expected: Any) -> None:
    """The stream may hold classes that training did not, of the same kind as the known ones."""
    found = recognise_class(value, classes)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "classes"),
    [
        ("yes", NUMBERS), ("2", NUMBERS), ("", NUMBERS), ("01", NUMBERS), (2, WORDS), (True, WORDS),
        (None, WORDS), (None, NUMBERS), ([], NUMBERS), ({}, NUMBERS), ([1], WORDS),
        (0.5, NUMBERS), (1.5, (1, 2, 3)), (1e300, NUMBERS), (-1e30, (0.0, 1.0)), ([1], NUMBERS),
    ],
)  # fmt: skip
def test_another_kind_is_refused(value: Any, classes: tuple[Any, ...]) -> None:
    """The message names the field, what it held and the model's classes."""
    with pytest.raises(WrongShapeError) as caught:
        recognise_class(value, classes)
    text = str(caught.value)
    assert text.startswith(f"true_class is {value!r}")
    assert all(str(known) in text for known in classes)


KINDS = st.sampled_from([NUMBERS, TEXTS, TRUTHS, WORDS, (1, 2, 3), (0.5, 1.5)])


@given(
    KINDS, st.integers(-5, 5) | st.booleans() | st.floats(-5, 5) | st.text("01yesno", max_size=3)
)
def test_recognising_twice_changes_nothing(classes: tuple[Any, ...], value: Any) -> None:
    """What is stored is recognised as itself; a known class always as one of the classes."""
    try:
        found = recognise_class(value, classes)
    except WrongShapeError:
        assert value not in classes
        return
    again = recognise_class(found, classes)
    assert again == found
    assert type(again) is type(found)
    if value in classes:
        assert any(found is known or found == known for known in classes)


@pytest.mark.parametrize("value", [0, 1, -2.5, 10**15])
def test_of_a_regressor(value: Any) -> None:
    """A number is what it is, and the number of a row with one output is no array."""
    for outputs in (None, 1):
        assert recognise(value, regressor(outputs)) == value
    assert recognise([value, 1.5], regressor(2)) == [value, 1.5]
    assert recognise([value, 1.5], regressor(None)) == [value, 1.5]


@pytest.mark.parametrize(
    ("value", "outputs", "wanted"),
    [
        ("1", 1, "a number"), (True, 1, "a number"), (None, 1, "a number"), ({}, 1, "a number"),
        (10**400, 1, "a number"), ([1.0], 1, "a number"), (1, 2, "an array of 2 numbers"),
        ([1, 2, 3], 2, "an array of 2 numbers"), ([1, None], 2, "an array of 2 numbers"),
        ([1, True], 2, "an array of 2 numbers"), ([], None, "a number"), ("1", None, "a number"),
    ],
)  # fmt: skip
def test_what_no_regressor_predicts(value: Any, outputs: int | None, wanted: str) -> None:
    """Says what it predicts."""
    with pytest.raises(WrongShapeError) as caught:
        recognise(value, regressor(outputs))
    assert str(caught.value).startswith("true_class is ")
    assert str(caught.value).endswith(f"and the model predicts {wanted}")


def test_of_a_classifier() -> None:
    """As its classes say."""
    assert recognise("1", classifier("0", "1")) == "1"
    assert recognise("1", classifier(0, 1)) == 1
