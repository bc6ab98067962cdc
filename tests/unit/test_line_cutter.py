"""`api.batches.line_cutter`: the same lines, however the file comes."""

from __future__ import annotations

import csv
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.batches.line_cutter import PIECE_LINES, LineCutter, Lines
from shared.errors import WrongShapeError

LARGEST = 40


def keeps(text: str) -> None:
    """A database whose encoding has no snowman."""
    if "☃" in text:
        raise WrongShapeError("the line holds '☃', which cannot be kept")


def cut(file: bytes, at: list[int], quoted: bool = False, breaks: bool = False) -> list[Lines]:
    """The lines of a file that comes in parts, cut at these places; `breaks` when each part is
    committed and the next one taken by another process."""
    cutter = LineCutter(quoted, LARGEST, keeps)
    found: list[Lines] = []
    places = [0, *sorted(at), len(file)]
    for begin, end in itertools.pairwise(places):
        cutter.add(file[begin:end])
        if breaks:
            found += cutter.take()
            cutter = LineCutter(quoted, LARGEST, keeps, cutter.open_line, cutter.next_line)
    cutter.end()
    return found + cutter.take()


def seen(lines: list[Lines]) -> list[tuple[int, str]]:
    """Each line with its number; what was refused with its reason."""
    found = []
    for some in lines:
        refused = {reject["line"]: reject["error"] for reject in some.rejects}
        texts = some.text.split("\n")
        assert len(texts) == some.count
        for number, text in enumerate(texts, some.first_line):
            found.append((number, refused.get(number, text)))
    return found


_PARTS = (
    b"a",
    b"b{}",
    b"\n",
    b"\r\n",
    b'"',
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf",
    "☃".encode(),
    b"x" * 30,
)
FILES = st.lists(st.sampled_from(_PARTS), max_size=30).map(b"".join)


@given(FILES, st.lists(st.integers(0, 400), max_size=8), st.booleans())
def test_however_it_comes(file: bytes, at: list[int], breaks: bool) -> None:
    """In parts of any size, also when another process goes on after each: the same lines."""
    places = [min(place, len(file)) for place in at]
    expected = []
    for number, line in enumerate(file.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if len(line) > LARGEST:
            expected.append((number, f"the line is longer than MAX_BODY, {LARGEST} bytes"))
        elif b"\xff" in line:
            at_byte = line.index(b"\xff")
            expected.append((number, f"the line is not UTF-8: byte 0xff at {at_byte}"))
        elif b"\0" in line:
            expected.append((number, "the line holds a NUL, which no database keeps"))
        elif "☃".encode() in line:
            expected.append((number, "the line holds '☃', which cannot be kept"))
        else:
            expected.append((number, line.decode()))
    if expected[-1][1] == "":
        expected.pop()  # after the last newline there is no line
    assert seen(cut(file, places, breaks=breaks)) == expected


_FIELDS = st.lists(
    st.lists(st.text(st.sampled_from('ab",\n\r'), max_size=4), min_size=1, max_size=3),
    min_size=1, max_size=8,
)  # fmt: skip


@given(_FIELDS, st.lists(st.integers(0, 400), max_size=8), st.booleans())
def test_quoted_newlines(rows: list[list[str]], at: list[int], breaks: bool) -> None:
    """A record of a CSV is one line, however many newlines are in its quotes."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    file = text.getvalue().encode()
    found = cut(file, [min(place, len(file)) for place in at], quoted=True, breaks=breaks)
    assert sum(some.count for some in found) == len(rows)
    kept = "\n".join(some.text for some in found)
    assert not any(some.rejects for some in found) or len(file) > LARGEST
    if not any(some.rejects for some in found):
        assert list(csv.reader(io.StringIO(kept, newline=""))) == rows


def test_pieces_are_of_equal_length() -> None:
    """And none is longer than a worker is to have."""
    cutter = LineCutter(False, LARGEST, keeps)
    cutter.add(b"x\n" * (PIECE_LINES + 1))
    assert [some.count for some in cutter.take()] == [PIECE_LINES // 2 + 1, PIECE_LINES // 2]
    assert cutter.next_line == PIECE_LINES + 2
    assert cutter.take() == []


@pytest.mark.parametrize("quoted", [False, True])
def test_a_line_without_end_is_not_held(quoted: bool) -> None:
    """A line of any length is passed over."""
    cutter = LineCutter(quoted, LARGEST, keeps)
    for _ in range(100):
        cutter.add(b'"' + b"x" * 1000)
        assert len(cutter.open_line) <= LARGEST
    cutter.add(b"\nafter\n")
    assert seen(cutter.take()) == [
        (1, f"the line is longer than MAX_BODY, {LARGEST} bytes"), (2, "after")
    ]  # fmt: skip
