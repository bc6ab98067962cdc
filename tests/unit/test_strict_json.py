"""`shared.strict_json`: strict JSON, with pandas' NaN read as null."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MalformedBodyError, WrongShapeError
from shared.strict_json import DEEPEST, parse, parse_object

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | FINITE | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


@given(JSON)
def test_what_json_writes_is_read_back(value: Any) -> None:
    """Any document is read as it was written, from text and from bytes alike."""
    text = json.dumps(value)
    if _depth(value) <= DEEPEST:
        assert parse(text) == parse(text.encode()) == value


@given(st.binary() | st.text())
def test_nothing_but_our_errors_comes_out(body: bytes | str) -> None:
    """Whatever is read, it is a value or a `MalformedBodyError` of one line."""
    try:
        parse(body)
    except MalformedBodyError as error:
        assert str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize("text", ["NaN", "[NaN]", '{"a": NaN}', '{"a": {"b": [1, NaN]}}'])
def test_nan_is_null(text: str) -> None:
    """`NaN`, which pandas writes for a missing value, is read as null wherever it stands."""
    assert parse(text) == json.loads(text.replace("NaN", "null"))


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", '{"a": [Infinity]}'])
def test_infinities_are_no_json(text: str) -> None:
    """The infinities are refused, and the message says which one it was."""
    with pytest.raises(MalformedBodyError, match="Infinity is not a JSON value"):
        parse(text)


@pytest.mark.parametrize("text", ['"NaN"', '"Infinity"', '{"NaN": 1}'])
def test_nan_in_a_string_is_a_string(text: str) -> None:
    """Only the bare word is null."""
    assert parse(text) == json.loads(text)


def test_numbers_beyond_floats_are_infinite() -> None:
    """`1e999` is well-formed JSON; that no column takes it is not this function's matter."""
    assert parse("1e999") == math.inf


def _arrays(depth: int) -> str:
    return "[" * depth + "]" * depth


def _objects(depth: int) -> str:
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def _mixed(depth: int) -> str:
    return (
        '[{"a":' * (depth // 2) + "[" * (depth % 2) + "1" + "]" * (depth % 2) + "}]" * (depth // 2)
    )


@pytest.mark.parametrize("make", [_arrays, _objects, _mixed])
@pytest.mark.parametrize("depth", [1, 2, 31, 32])
def test_nesting_of_32_is_read(make: Any, depth: int) -> None:
    """Documents up to 32 deep are read, whatever they are nested with."""
    assert _depth(parse(make(depth))) == depth


@pytest.mark.parametrize("make", [_arrays, _objects, _mixed])
@pytest.mark.parametrize("depth", [33, 34, 100, 1_000, 10_000, 100_000])
def test_nesting_of_33_is_refused(make: Any, depth: int) -> None:
    """Deeper documents are refused with the limit named, however deep they are."""
    with pytest.raises(MalformedBodyError, match="nested deeper than 32"):
        parse(make(depth))


@given(st.integers(25, 40), st.integers(0, 40), st.booleans())
@settings(max_examples=50)
def test_the_deepest_branch_counts(depth: int, place: int, in_object: bool) -> None:
    """A deep branch is found wherever it stands among shallow ones."""
    branches: list[Any] = [0, "x", [], {}, [[1]]] * 4
    branches.insert(place % len(branches), json.loads(_arrays(depth - 1)))
    document = {str(i): b for i, b in enumerate(branches)} if in_object else branches
    text = json.dumps(document)
    if depth <= DEEPEST:
        assert parse(text) == document
    else:
        with pytest.raises(MalformedBodyError):
            parse(text)


def test_wide_is_not_deep() -> None:
    """A hundred thousand siblings are fine."""
    assert parse("[" + "[]," * 100_000 + "[]]") == [[]] * 100_001


def test_integers_of_thousands_of_digits_are_refused() -> None:
    """The limit is Python's own; one digit below it is read."""
    limit = sys.get_int_max_str_digits()
    assert parse("9" * limit) == 10**limit - 1
    for digits in (limit + 1, 1_000_000):
        with pytest.raises(MalformedBodyError, match="too many digits"):
            parse("9" * digits)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff", b"\xc3\x28", b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"', b'"\xc0\x80"',
        '{"a": 1}'.encode("utf-16"), b'{"a": "\xe4"}',
    ],
)  # fmt: skip
def test_other_encodings_are_refused(body: bytes) -> None:
    """Bytes that are not UTF-8 are refused as such: overlong forms and surrogates included."""
    with pytest.raises(MalformedBodyError, match="not UTF-8"):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [
        "", " ", "\ufeff{}", "{", "}", "[1,]", "{'a': 1}", "{a: 1}", '{"a" 1}', '{"a": 1,}', "01",
        "+1", ".5", "1.", "0x10", "1e", "nul", "True", "nan", "{} {}", "{}x", '"\n"', '"\\x"',
        '"\\u12"', '"', "// a\n{}", "{}\x00", "\x00", "undefined", "--1", "1_000",
    ],
)  # fmt: skip
def test_broken_json_is_refused(body: str) -> None:
    """What is not JSON is refused; the message says so."""
    with pytest.raises(MalformedBodyError, match="broken JSON"):
        parse(body)


def test_a_fault_is_located() -> None:
    """The message names the line and the column of the fault."""
    with pytest.raises(MalformedBodyError, match="at line 2, column 6"):
        parse('{"a": 1,\n "b" 2}')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "'a'"), ('[{"x": {"": null, "": null}}]', "''"),
        ('{"a": 1, "\\u0061": 2}', "'a'"), ('{"a\\n": 1, "a\\n": 2}', r"'a\\n'"),
        (json.dumps({str(n): n for n in range(100_000)})[:-1] + ', "99999": 0}', "'99999'"),
    ],
)  # fmt: skip
def test_a_key_that_is_there_twice(text: str, key: str) -> None:
    """Readers differ in which of them they take, so it is refused, and named."""
    with pytest.raises(MalformedBodyError, match=f"the key {key} is there twice$"):
        parse(text)


def test_objects_only() -> None:
    """`parse_object` gives an object, and refuses every other document as a wrong shape."""
    assert parse_object('{"a": NaN}') == {"a": None}
    for text in ("[]", '[{"a": 1}]', '"a"', "1", "1.5", "true", "null", "NaN"):
        with pytest.raises(WrongShapeError, match="must be a JSON object"):
            parse_object(text)
    with pytest.raises(MalformedBodyError):
        parse_object("{")
