"""`api.http.row_formats`: the same rows as an array, as NDJSON and as CSV."""

from __future__ import annotations

import csv as readers
import io
import json
from typing import Any

from api.http.row_formats import COLUMNS, csv, json_array, ndjson


def row(number: int, **more: Any) -> dict[str, Any]:
    found = {name: None for name in COLUMNS if name not in ("prediction", "probas", "score")}
    return {**found, "id": number, "observation": f'{{"id": {number}}}', **more}


PAGES = [
    [row(1, observation_id=0, proba=0.09172283534164809, true_class=True), row(2, true_class="")],
    [],
    [
        row(3, observation_id='a,"b"\r\n', true_class="=1+1", prediction="no", probas={"no": 0.5}),
        row(4, observation_id="+1", true_class="NA", prediction=[1, 2.5], score=-1.5),
    ],
]
ROWS = [each for page in PAGES for each in page]


def test_json() -> None:
    """Each row on a line of its own, in both; an empty page is none of the array's."""
    assert json.loads("".join(json_array(PAGES))) == ROWS
    assert "".join(json_array([])) == "[]\n"
    lines = "".join(ndjson(PAGES)).splitlines()
    assert [json.loads(line) for line in lines] == ROWS


def test_who_sends_has_its_turn() -> None:
    """A text for each page, also for one without rows."""
    assert [bool(text) for text in ndjson(PAGES)] == [True, False, True]
    assert [bool(text) for text in csv(PAGES)] == [True, True, False, True]


def test_csv() -> None:
    """Any reader finds the same texts and numbers; only what is missing is an empty field."""
    text = "".join(csv(PAGES))
    found = list(readers.DictReader(io.StringIO(text, newline="")))
    assert tuple(found[0]) == COLUMNS
    for read, meant in zip(found, ROWS, strict=True):
        for name in COLUMNS:
            value = meant.get(name)
            as_text = value if isinstance(value, str) else json.dumps(value)
            assert read[name] == ("" if value is None else as_text), name
    first, second = text.splitlines()[1:3]
    assert first == '1,0,0.09172283534164809,true,,,,,,,,"{""id"": 1}"'
    # As PostgreSQL reads it: an empty text is no null.
    assert second == '2,,,"",,,,,,,,"{""id"": 2}"'
