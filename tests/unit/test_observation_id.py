"""`shared.observation_id`: which ids are taken, which are the same, how they come back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WrongShapeError
from shared.observation_id import LARGEST_INTEGER, SMALLEST_INTEGER, ObservationId

INTEGERS = st.integers(SMALLEST_INTEGER, LARGEST_INTEGER)
TEXTS = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), min_size=1, max_size=255)
IDS = INTEGERS | TEXTS | INTEGERS.map(str)


@given(IDS)
def test_an_id_is_echoed_as_sent(value: int | str) -> None:
    """An id comes back in the kind in which it was sent, and equal to it."""
    sent = ObservationId.parse(value).as_sent
    assert sent == value
    assert type(sent) is type(value)


@given(INTEGERS)
def test_a_number_and_its_text_are_the_same(number: int) -> None:
    """`0` and `"0"` are one observation."""
    assert ObservationId.parse(number).key == ObservationId.parse(str(number)).key


@given(IDS, IDS)
def test_other_texts_are_others(one: int | str, other: int | str) -> None:
    """Two ids are the same observation when their texts are equal, and only then."""
    same = ObservationId.parse(one).key == ObservationId.parse(other).key
    assert same == (str(one) == str(other))


@pytest.mark.parametrize("text", ["00", " 0", "0 ", "+0", "-0", "0.0", "0e0", "\u0660", "\uff10"])
def test_spellings_of_zero_are_others(text: str) -> None:
    """Only `"0"` itself is the number 0."""
    assert ObservationId.parse(text).key != ObservationId.parse(0).key


def test_composed_and_decomposed_letters_are_others() -> None:
    """Texts are compared by code point: nothing is normalised, folded or trimmed."""
    keys = {ObservationId.parse(t).key for t in ("\u00e9", "e\u0301", "\u00c9", "\u00e9 ")}
    assert len(keys) == 4


@pytest.mark.parametrize(
    "value",
    [
        SMALLEST_INTEGER, LARGEST_INTEGER, 0, -1, "a", "a" * 255, "\U0001f6a2" * 255, " ", "\n",
        "\x01", "\x7f", "\ufeff", "\ufffe", "\uffff", "\ud7ff", "\ue000", "'; DROP TABLE x",
        "../..",
        "null", "true", str(LARGEST_INTEGER + 1), "9" * 255,
    ],
)  # fmt: skip
def test_the_edges_are_taken(value: int | str) -> None:
    """64-bit integers and strings of 1 to 255 characters, counted as code points."""
    assert ObservationId.parse(value).as_sent == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "a boolean"), (False, "a boolean"), (None, "null"), (0.0, "a fraction"),
        (1.5, "a fraction"), (float("inf"), "a fraction"), ([], "an array"), ([0], "an array"),
        ({}, "an object"), ({"id": 0}, "an object"), ("", "0 characters"),
        ("a" * 256, "256 characters"), ("\U0001f6a2" * 256, "256 characters"),
        (LARGEST_INTEGER + 1, "64 bits"), (SMALLEST_INTEGER - 1, "64 bits"), (10**4299, "64 bits"),
        ("\x00", "NUL"), ("a\x00b", "NUL"), ("\ud800", "surrogate"), ("a\udfff", "surrogate"),
        ("\udc00\ud800", "surrogate"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(value: Any, said: str) -> None:
    """The message names the field and says, in one short line, what was wrong with it."""
    with pytest.raises(WrongShapeError) as caught:
        ObservationId.parse(value)
    text = str(caught.value)
    assert text.startswith("id must")
    assert said in text
    assert "\n" not in text
    assert len(text) < 150


def test_an_escaped_pair_is_one_character() -> None:
    """A surrogate pair in JSON is the character that it stands for, and no lone surrogate."""
    assert ObservationId.parse(json.loads('"\\ud83d\\udea2"')).as_sent == "\U0001f6a2"
