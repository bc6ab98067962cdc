"""`worker.pieces.csv_records`: what a CSV's records stand for."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.queue.messages import Kind
from worker.pieces.csv_records import identity, read, split

COLUMNS = ["id", "Age", "Cabin"]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@settings(deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_what_csv_writes_is_read(rows: list[list[str]]) -> None:
    """Commas, quotes and newlines in fields; an empty field is a null, and nothing else is."""
    rows = [["a" if not row[0] else row[0], *row[1:]] for row in rows]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    records = split(written.getvalue().removesuffix("\n"))
    assert len(records) == len(rows)
    documents, rejects = read(records, COLUMNS, Kind.PREDICT)
    assert rejects == []
    assert [document and document["observation"] for document in documents] == [
        {"Age": row[1] or None, "Cabin": row[2] or None} for row in rows
    ]
    assert [str(document and document["id"]) for document in documents] == [r[0] for r in rows]


@pytest.mark.parametrize("text", ["NA", "None", "nan", "null", "NaN", " ", "007"])
def test_words_are_values(text: str) -> None:
    (document,), _ = read([f"1,{text},{text}"], COLUMNS, Kind.PREDICT)
    assert document == {"id": 1, "observation": {"Age": text, "Cabin": text}}


@pytest.mark.parametrize(
    ("text", "sent"),
    [("7", 7), ("-7", -7), ("0", 0), ("007", "007"), ("-0", "-0"), ("+7", "+7"), ("7.0", "7.0"),
     (str(2**63 - 1), 2**63 - 1), (str(2**63), str(2**63)), (" 7", " 7")],
)  # fmt: skip
def test_ids_are_integers_where_they_are_written_so(text: str, sent: int | str) -> None:
    assert identity(text) == sent
    assert type(identity(text)) is type(sent)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("", "the line is empty"),
        ("1,2", "the line has 2 fields, and the first 3"),
        ("1,2,3,4", "the line has 4 fields, and the first 3"),
        (",22,C1", "id is missing"),
        ('1,"2"2,3', "the line is no CSV"),
        ('1,2,"3', "the line is no CSV"),
    ],
)
def test_records_that_are_rejected(record: str, reason: str) -> None:
    """Each by itself: those beside it are read."""
    documents, rejects = read(["1,22,C1", record], COLUMNS, Kind.PREDICT)
    assert documents == [{"id": 1, "observation": {"Age": "22", "Cabin": "C1"}}, None]
    assert [one.place for one in rejects] == [1]
    assert rejects[0].error.startswith(reason)


def test_labels() -> None:
    documents, rejects = read(["1,0", "x,", "y,no"], ["id", "true_class"], Kind.UPDATE)
    assert documents == [{"id": 1, "true_class": "0"}, None, {"id": "y", "true_class": "no"}]
    assert [(one.observation_id, one.error) for one in rejects] == [("x", "true_class is missing")]
