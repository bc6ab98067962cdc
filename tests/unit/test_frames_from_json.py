"""A training frame that pandas has written as JSON comes back as the frame that it was."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.answerings import classifier
from worker.model.loading import Model
from worker.scoring.framing import columns, frame, take

ROWS = 12
_days = pd.Timestamp("2020-03-01T10:20:30.123") + pd.to_timedelta(np.arange(ROWS) * 977, "min")
_spans = pd.to_timedelta(np.arange(ROWS) * 7_654_321 - 20_000_000, "ms")
FRAME = pd.DataFrame(
    {
        "float64": np.arange(ROWS) / 7,
        "float32": (np.arange(ROWS) / 7).astype("float32"),
        "int64": np.arange(ROWS) * 10**15,
        "uint8": np.arange(ROWS).astype("uint8"),
        "bool": np.arange(ROWS) % 2 == 0,
        "Int64": pd.array(np.arange(ROWS) * 10**15, dtype="Int64"),
        "Float64": pd.array(np.arange(ROWS) / 7, dtype="Float64"),
        "boolean": pd.array(np.arange(ROWS) % 3 == 0, dtype="boolean"),
        "string": pd.array([f"text {n}" for n in range(ROWS)], dtype="string"),
        "object": pd.Series([f"text {n}" for n in range(ROWS)], dtype=object),
        "ordered": pd.Categorical(
            ["low", "high", "low"] * 4, ["low", "middle", "high"], ordered=True
        ),
        "numbered": pd.Categorical([3, 1, 1] * 4, [3, 2, 1]),
        "fractions": pd.Categorical([0.5, 2.0, 0.5] * 4),
        "truths": pd.Categorical([True, False, True] * 4),
        "when": pd.Categorical(_days),
        "ns": _days.as_unit("ns"),
        "ms": _days.as_unit("ms"),
        "s": _days.as_unit("s"),
        "utc": _days.tz_localize("UTC"),
        "berlin": _days.tz_localize("UTC").tz_convert("Europe/Berlin"),
        "span": _spans.as_unit("ns"),
        "span in ms": _spans.as_unit("ms"),
    }
)
if pd.Series(["text"]).dtype != object:  # pandas 3 and later
    FRAME["str"] = pd.array([f"text {n}" for n in range(ROWS)], dtype="str")
WITHOUT_NULLS = ("int64", "uint8", "bool")


def served(data: pd.DataFrame | pd.Series, **more: Any) -> Model:
    """A model whose frame had these columns."""
    held = data.to_frame() if isinstance(data, pd.Series) else data
    labels = tuple(held.columns)
    dtypes = {str(label): held[label].dtype for label in labels}
    return Model(
        None, tuple(map(str, labels)), dtypes, classifier(0, 1), "v", labels=labels, **more
    )


def read(text: str, model: Model) -> Any:
    """What the pipeline is given of a JSON array of observations; nothing is warned of."""
    taken = [take(observation, columns(model)) for observation in json.loads(text)]
    assert not [warning for _, warnings in taken for warning in warnings]
    return frame([observation for observation, _ in taken], model)


def with_nulls() -> pd.DataFrame:
    """The frame with a missing value in each row of each column that may lack one."""
    made = FRAME.copy()
    for place, name in enumerate(made.columns):
        if name not in WITHOUT_NULLS:
            made.loc[place % ROWS, name] = None
            made.loc[(place + 5) % ROWS, name] = None
    made["object"] = made["object"].where(made["object"].notna(), np.nan)
    return made.astype(FRAME.dtypes.to_dict())


@pytest.mark.parametrize("data", [FRAME, with_nulls()], ids=["whole", "with nulls"])
@pytest.mark.parametrize("date_format", ["epoch", "iso"])
def test_every_dtype(data: pd.DataFrame, date_format: Any) -> None:
    """As pandas writes it by default, with milliseconds for times and durations, and with ISO 8601:
    dtypes, categories in their order, zones and units are those of training."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # pandas 3 writes milliseconds, and says it will not for ever
        text = data.to_json(
            orient="records", date_format=date_format, date_unit="ms", double_precision=15
        )
    pd.testing.assert_frame_equal(
        read(text, served(data)), data, check_exact=False, rtol=1e-14, atol=0
    )


def test_columns_named_by_numbers() -> None:
    """The frame has the numbers, and an observation their texts."""
    data = pd.DataFrame(np.arange(12.0).reshape(4, 3))
    found = read(data.to_json(orient="records"), served(data))
    pd.testing.assert_frame_equal(found, data, check_column_type=False)
    assert list(found.columns) == [0, 1, 2]
    assert found.columns.inferred_type == "integer"


def test_texts_and_numbers_among_the_names() -> None:
    """Each as it was."""
    data = pd.DataFrame({"a": [1.0, 2.0], 7: [3.0, 4.0]})
    found = read('[{"a": 1, "7": 3}, {"7": 4, "a": 2}]', served(data))
    assert list(found.columns) == ["a", 7]
    assert found.loc[1].tolist() == [2.0, 4.0]


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_one_column_as_a_series(dtype: Any) -> None:
    """A pipeline that was fitted on a Series is given one, of its name and dtype."""
    data = pd.Series(["a b", "c", None], name="text", dtype=dtype)
    data = data.where(data.notna(), np.nan) if dtype == "object" else data
    text = data.to_frame().to_json(orient="records")
    pd.testing.assert_series_equal(read(text, served(data, takes_series=True)), data)
