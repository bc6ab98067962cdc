"""`queuecast.service.records`: rows in pieces, whole again."""

from __future__ import annotations

import random

import pytest
from queuecast.service.records import Records

from api.http.row_formats import csv, ndjson

# Texts that look like the ends of rows, and rows' beginnings.
TEXTS = ("plain", '{"a": "b"}', 'two\nlines\n7,"x"\n', '"\n"', "", 'a,"b"\r\n', "\n\n")
ROWS = [
    {
        "id": number, "observation_id": text, "observation": text, "proba": 0.5,
        "true_class": None, "predicted_at": None, "true_class_at": None, "model_version": text,
    }
    for number, text in enumerate(TEXTS * 3, start=5)
]  # fmt: skip
WHOLE = {"ndjson": "".join(ndjson([ROWS])).encode(), "csv": "".join(csv([ROWS])).encode()}


@pytest.mark.parametrize("form", WHOLE)
def test_pieces(form: str) -> None:
    """Of any size: nothing is lost, rows are counted, and what is given ends with a row."""
    chance = random.Random(1)
    for longest in (1, 2, 7, 100, 10_000):
        records = Records(form)
        given = b""
        left = WHOLE[form]
        while left:
            size = chance.randint(1, longest)
            block = records.take(left[:size])
            left = left[size:]
            given += block
            assert given == WHOLE[form][: len(given)]
            assert not block or block.endswith(b"\n")
        assert given == WHOLE[form]
        assert (records.rows, records.last_id) == (len(ROWS), ROWS[-1]["id"])
        assert not records.is_amid_a_row


@pytest.mark.parametrize("form", WHOLE)
def test_another_answer(form: str) -> None:
    """After the last whole row; its header is not given again."""
    for place in range(len(WHOLE[form]) - 1):
        records = Records(form)
        given = records.take(WHOLE[form][:place])
        records.begin_anew()
        left = [
            row for row in ROWS if records.last_id is None or int(str(row["id"])) > records.last_id
        ]
        assert len(left) == len(ROWS) - records.rows
        rest = "".join(csv([left]) if form == "csv" else ndjson([left])).encode()
        assert given + records.take(rest) == WHOLE[form]
        assert records.rows == len(ROWS)
