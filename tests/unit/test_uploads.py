"""`api.http.uploads`, `api.batches.csv_header`, `api.batches.unpacking`: what a file says it is."""

from __future__ import annotations

import gzip
import random

import pytest

from api.batches.csv_header import column_names
from api.batches.unpacking import AT_A_TIME, Unpacking
from api.http import uploads
from shared.errors import MalformedBodyError, UnsupportedTypeError, WrongShapeError
from shared.queue.messages import Kind


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("application/x-ndjson", "ndjson"), ("text/csv", "csv"), ("TEXT/CSV; charset=UTF-8", "csv"),
        ("application/jsonl", "ndjson"), ("text/csv; charset=latin-1", None), ("", None),
        ("application/json", None), ("text/csvé", None),
    ],
)  # fmt: skip
def test_formats(sent: str, found: str | None) -> None:
    headers = {b"content-type": sent.encode("latin-1")}
    if found is None:
        with pytest.raises(UnsupportedTypeError, match=r"application/x-ndjson or text/csv"):
            uploads.format_of(headers)
    else:
        assert uploads.format_of(headers) == found
        uploads.check_part(headers, found)


def test_types_of_parts() -> None:
    """A part says that it is one, or has its file's type."""
    uploads.check_part({b"content-type": b"application/partial-upload"}, "csv")
    for sent in (b"application/x-ndjson", b"text/plain", b""):
        with pytest.raises(UnsupportedTypeError, match="application/partial-upload"):
            uploads.check_part({b"content-type": sent}, "csv")


def test_fields_of_uploads() -> None:
    assert uploads.is_complete({}) is None
    assert uploads.is_complete({b"upload-complete": b"?1"}) is True
    assert uploads.is_complete({b"upload-complete": b" ?0 "}) is False
    assert uploads.offset({b"upload-offset": b"12"}) == 12
    for sent in (b"true", b"1", b""):
        with pytest.raises(MalformedBodyError, match=r"must be \?0 or \?1"):
            uploads.is_complete({b"upload-complete": sent})
    for sent in (b"-1", b"1.5", b"", b"9" * 16, b"\xef\xbc\x91"):
        with pytest.raises(MalformedBodyError, match="number of the byte"):
            uploads.offset({b"upload-offset": sent})


def test_encodings() -> None:
    assert uploads.is_gzip({b"content-encoding": b"GZIP"})
    assert not uploads.is_gzip({b"content-encoding": b"identity"}) and not uploads.is_gzip({})
    with pytest.raises(UnsupportedTypeError, match="'br'"):
        uploads.is_gzip({b"content-encoding": b"br"})


def test_columns_of_a_csv() -> None:
    """What each row needs is there, nothing twice."""
    assert column_names("id,Age,Sex\r", Kind.PREDICT) == ["id", "Age", "Sex"]
    assert column_names('true_class,"id"', Kind.UPDATE) == ["true_class", "id"]
    for line, kind, said in (
        ("Age,Sex", Kind.PREDICT, "id among them"), ("", Kind.PREDICT, "id among them"),
        ("id,Age", Kind.UPDATE, "true_class among them"), ("id,a,a", Kind.PREDICT, "'a' twice"),
        ("id,true_class,Age", Kind.UPDATE, "not 'Age'"), ('{"id": 1}', Kind.PREDICT, "first line"),
    ):  # fmt: skip
        with pytest.raises(WrongShapeError, match=said):
            column_names(line, kind)


@pytest.mark.parametrize("step", [1, 1000, 10**9])
def test_unpacking(step: int) -> None:
    """Whatever the parts and the members, what comes out is the file, in blocks of bounded size."""
    noise = random.Random(3).randbytes(3000)
    file = b"0" * (3 * AT_A_TIME) + noise
    packed = gzip.compress(file[:1000]) + gzip.compress(file[1000:])
    unpacking = Unpacking()
    blocks = [
        block
        for at in range(0, len(packed), step)
        for block in unpacking.add(packed[at : at + step])
    ]
    unpacking.end()
    assert b"".join(blocks) == file
    assert max(map(len, blocks)) <= AT_A_TIME
    Unpacking().end()


def test_what_is_no_gzip() -> None:
    with pytest.raises(MalformedBodyError, match="not gzip"):
        list(Unpacking().add(b"id,Age"))
    broken = Unpacking()
    list(broken.add(gzip.compress(b"abc" * 100)[:-9]))
    with pytest.raises(MalformedBodyError, match="cut off"):
        broken.end()
