"""`worker.scoring.true_class`: what really happened, in the words of the model's classes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WrongShapeError
from worker.scoring.true_class import recognise

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
    found = recognise(value, classes)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "classes", "expected"),
    [
        (2, NUMBERS, 2), (-1, NUMBERS, -1), (2.0, NUMBERS, 2), (2**63 - 1, NUMBERS, 2**63 - 1),
        ("maybe", WORDS, "maybe"), ("2", TEXTS, "2"), ("", WORDS, ""), ("Yes", WORDS, "Yes"),
        (7, (1, 2, 3), 7),
    ],
)  # fmt: skip
def test_a_class_never_seen_is_kept(value: Any, classes: tuple[Any, ...], expected: Any) -> None:
    """The stream may hold classes that training did not, of the same kind as the known ones."""
    found = recognise(value, classes)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "classes"),
    [
        ("yes", NUMBERS), ("2", NUMBERS), ("", NUMBERS), ("01", NUMBERS), (2, WORDS), (True, WORDS),
        (None, WORDS), (None, NUMBERS), ([], NUMBERS), ({}, NUMBERS), ([1], WORDS),
    ],
)  # fmt: skip
def test_another_kind_is_refused(value: Any, classes: tuple[Any, ...]) -> None:
    """The message names the field, what it held and the model's classes."""
    with pytest.raises(WrongShapeError) as caught:
        recognise(value, classes)
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
        found = recognise(value, classes)
    except WrongShapeError:
        assert value not in classes
        return
    again = recognise(found, classes)
    assert again == found
    assert type(again) is type(found)
    if value in classes:
        assert any(found is known or found == known for known in classes)
