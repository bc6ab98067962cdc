"""Framing: every value by itself, into the dtype that the pipeline was fitted on."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import UnfitObservationError
from tests.answerings import classifier
from worker.model.loading import Model
from worker.scoring.framing import Observation, columns, take, unknown_keys
from worker.scoring.framing import frame as frame_of_taken

DTYPES: dict[str, Any] = {
    "float64": "float64", "float32": "float32", "Float64": "Float64", "Float32": "Float32",
    "int64": "int64", "int8": "int8", "uint8": "uint8", "uint64": "uint64", "Int64": "Int64",
    "Int8": "Int8", "UInt64": "UInt64", "bool": "bool", "boolean": "boolean", "object": "object",
    "str": "str", "string": "string",
    "category of texts": pd.CategoricalDtype(["a", "b", "1"]),
    "category of numbers": pd.CategoricalDtype([1, 2, 3]),
    "category of truths": pd.CategoricalDtype([True, False]),
    "category of times": pd.CategoricalDtype(pd.to_datetime(["2020-01-01", "2021-01-01"])),
    "category of durations": pd.CategoricalDtype(pd.to_timedelta(["1h", "2h"])),
    "category of intervals": pd.CategoricalDtype(pd.IntervalIndex.from_breaks([0, 1, 2])),
    "datetime64[ns]": "datetime64[ns]", "datetime64[us]": "datetime64[us]",
    "datetime64[s]": "datetime64[s]", "datetime64[ms]": "datetime64[ms]",
    "datetime64[ns, UTC]": "datetime64[ns, UTC]",
    "datetime64[ns, Europe/Berlin]": "datetime64[ns, Europe/Berlin]",
    "timedelta64[ns]": "timedelta64[ns]", "timedelta64[s]": "timedelta64[s]",
    "period[M]": "period[M]",
    "none": None,
}  # fmt: skip

TIMES = ("2020-01-01", "2020-01-01T10:20:30.5", "01/02/2020", "9999-12-31", "2020-01-01T00:00Z",
         "2020-01-01 00:00+05:00", "2021-W05", "2020-02-28T24:00", "NaT", "1 day", "P1DT1.5S",
         "-PT0.1S", "PT1H", "(0, 1]", "a", "b", "1", "x", "")  # fmt: skip
EDGES = [sign * (2**power + more) for power in (7, 8, 31, 53, 60, 63, 64, 70)
         for more in (-1, 0, 1) for sign in (1, -1)]  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(EDGES) | st.floats(allow_nan=False)
    | st.sampled_from([0.0, 1.0, 3.0, 3.5, 1e18, 1e19, 1e39, 3.4028235e38, 1e300])
    | st.sampled_from(TIMES) | st.text(max_size=5)
)  # fmt: skip
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text("ab"), SCALARS)


def model(dtypes: dict[str, Any]) -> Model:
    """A model that has columns, and nothing else."""
    known = {name: pd.api.types.pandas_dtype(d) for name, d in dtypes.items() if d is not None}
    return Model(None, tuple(dtypes), known, classifier(0, 1), "version")


def refusal(observation: Observation, fitted: Model) -> UnfitObservationError | None:
    """Why the model cannot take it; None when it can."""
    try:
        take(observation, columns(fitted))
    except UnfitObservationError as error:
        return error
    return None


def frame(observations: Sequence[Observation], fitted: Model) -> pd.DataFrame:
    """The frame of observations that the model can take."""
    found: pd.DataFrame = frame_of_taken(
        [take(o, columns(fitted))[0] for o in observations], fitted
    )
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two cells hold the same: missing in both, or equal and of one type."""
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return type(one) is type(other) and bool(one == other)
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("name", DTYPES)
@given(values=st.lists(VALUES, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_company_makes_no_difference(name: str, values: list[Any]) -> None:
    """What is let pass is framed, alone and in a group, and is the same cell in both."""
    fitted = model({"x": DTYPES[name]})
    group: list[Observation] = [{"x": v} for v in values if refusal({"x": v}, fitted) is None]
    together = frame(group, fitted)["x"]
    for position, observation in enumerate(group):
        alone = frame([observation], fitted)["x"]
        assert len(alone) == 1
        assert same(alone.iloc[0], together.iloc[position]), (observation, list(together))
        if DTYPES[name] is not None:
            assert alone.dtype == together.dtype == pd.api.types.pandas_dtype(DTYPES[name])


@pytest.mark.parametrize("name", [name for name, dtype in DTYPES.items() if dtype is not None])
@given(value=SCALARS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_pandas_would_have_made_the_same_of_it(name: str, value: Any) -> None:
    """What is let pass becomes what pandas makes of that observation alone, where it can; but for
    numbers among times and durations, which pandas writes as milliseconds and reads as what it
    stores."""
    fitted = model({"x": DTYPES[name]})
    if name.startswith(("datetime64", "timedelta64")) and not isinstance(value, str | None):
        return
    if refusal({"x": value}, fitted) is not None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            expected = pd.DataFrame([{"x": value}], columns=["x"]).astype({"x": DTYPES[name]})
        except (ValueError, TypeError, OverflowError, Warning):
            return
    framed = frame([{"x": value}], fitted)
    assert framed["x"].dtype == expected["x"].dtype
    assert same(framed["x"].iloc[0], expected["x"].iloc[0])


NO_NUMBERS: list[Any] = [
    "a", "", " ", "nan", "inf", "0x16", "1_000", "twenty", "1e400", "-1e9999", "2 2", "1,5", "½",
    "٣", "1" * 5000, "1e", ".", "+", [1], [], {}, {"a": 1},
]  # fmt: skip
TOO_LARGE = [math.inf, -math.inf, 10**400, -(10**400)]
FRACTIONS = [3.5, -0.1, 5e-324, 1e-9]
# 2020-01-01 as seconds, as a spreadsheet has it, and numbers that are no time at all.
SECONDS_AND_DAYS = [
    1_577_836_800,
    43_831,
    43_831.5,
    0,
    -1,
    20_200_101,
    99_999_999_999,
    1.5e12 + 0.5,
    # Microseconds and nanoseconds, which are years that nobody means.
    1_577_836_800_000_000,
    1_577_836_800_000_000_000,
]
# What pandas reads, by the day, by the country or by chance; and what only looks like a time.
NO_TIMES = [
    "now", "today", "10:00", "T10:00", "05/06/2021", "2021/06/05", "1 May 2021", "May", "", "nan",
    "NaT", "null", " 2020-01-01", "2020-01-01 ", "2020-01-01T", "2020-1-1", "20-01-01", "202001",
    "2020-0101", "2020-00-01", "2020-13-01", "2021-02-29", "2020-W00", "2021-W53", "2020-W01-8",
    "2021-366", "2020-000", "2020-01-01T25:00", "2020-01-01T24:00:01", "2020-01-01T24:00:00.1",
    "2020-01-01T10:60", "2020-01-01T10:00:60", "2020-01-01T1:00", "2020-01-01T10:0030",
    "2020-01-01T10:00+24:00", "2020-01-01T10:00 +01:00", "2020-01-01T10:00 UTC",
    "2020-01-01T10:00[Europe/Berlin]", "2020-01-01t10:00z", "2020-01T10:00", "2020T10:00",
    "2020-W01T10:00", "+2020-01-01", "02020-01-01", "2020Q1", "1577836800000", "1577836800", "1.5",
    "٢٠٢٠-01-01", "2020-01-01T10:00:00." + "1" * 5000, "P1D",
]  # fmt: skip
NO_DURATIONS = [
    "90 s", "2 days", "1 days 00:00:00", "00:00:10", "1h", "", "nan", "NaT", "P", "PT", "P1DT",
    "P1M", "P1Y", "P1Y2M3D", "P1", "P1S", "P1D2H", "PT1D", "PT1H1H", "PT1M1H", "PT1.5H30M",
    "P0.5W1D", "P.5D", "p1d", " P1D", "P1D ", "P 1D", "P0001-00-01T00:00:00", "PT1e3S", "--P1D",
    "PT" + "9" * 5000 + "S", "٣", "1", "1000",
]  # fmt: skip
REFUSED: list[tuple[str, list[Any]]] = [
    ("float64", NO_NUMBERS + TOO_LARGE),
    ("Float64", NO_NUMBERS + TOO_LARGE),
    ("float32", [*NO_NUMBERS, *TOO_LARGE, 1e39, -1e39, 10**39, 1e300]),
    ("Float32", [*NO_NUMBERS, *TOO_LARGE, 1e39, -1e39, 10**39, 1e300]),
    ("int64", [*NO_NUMBERS, *TOO_LARGE, *FRACTIONS, None, 2**63, -(2**63) - 1, 2**70, 1e19, 1e300]),
    ("Int64", [*NO_NUMBERS, *TOO_LARGE, *FRACTIONS, 2**63, -(2**63) - 1, 2**70, 1e19]),
    ("int8", [*NO_NUMBERS, *TOO_LARGE, *FRACTIONS, None, 128, -129, 128.0, 256, 2**70]),
    ("uint8", [*NO_NUMBERS, *TOO_LARGE, *FRACTIONS, None, -1, 256, -1.0, 256.0]),
    ("UInt64", [*NO_NUMBERS, *TOO_LARGE, *FRACTIONS, -1, 2**64, 2e19]),
    ("bool", [*NO_NUMBERS, *TOO_LARGE, None, 2, -1, 0.5, "true", "1", "0", "False"]),
    ("boolean", [*NO_NUMBERS, *TOO_LARGE, 2, 0.5, "true", "1"]),
    ("str", [[], [1], ["a"], {}, {"a": 1}]),
    ("string", [[], [1], ["a"], {}, {"a": 1}]),
    ("category of texts", [[], [1], ["a"], {}, {"a": 1}]),
    ("category of numbers", [[], [1], {}]),
    ("datetime64[ns]", ["x", True, [], {}, ["2020-01-01"], 2**63, math.inf, "9999-01-01",
                        "9999-12-31T24:00", "0000-01-01", 253_402_214_400_000, *SECONDS_AND_DAYS,
                        *NO_TIMES]),
    ("datetime64[us]", ["x", True, [], {}, 2**70, "9999-12-31T24:00", *SECONDS_AND_DAYS]),
    ("datetime64[ns, UTC]", ["x", True, [], {}, "9999-01-01", *SECONDS_AND_DAYS, *NO_TIMES]),
    # Clocks there go from 2:00 to 3:00, and from 3:00 to 2:00.
    ("datetime64[ns, Europe/Berlin]", ["2020-03-29T02:30", "2020-10-25T02:30"]),
    ("timedelta64[ns]", ["x", True, [], {}, 2**63, "2020-01-01", math.inf, 1.5, "P106752D",
                         f"PT-{2**63 // 10**9}.854775808S", *NO_DURATIONS]),
    ("timedelta64[s]", ["x", False, 1.5, -math.inf, f"PT{2**63}S"]),
    ("period[M]", ["now", "2020-01-01T10:00Z", "05/06/2021", 1_577_836_800_000, "", "x", [], True]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in REFUSED for v in values])
def test_what_does_not_fit_is_refused(name: str, value: Any) -> None:
    """The message names the column and what it held, in one line of bounded length."""
    dtypes = {"first": None, "Column": DTYPES[name], "last": "int64"}
    fault = refusal({"first": "x", "Column": value, "last": "wrong too"}, model(dtypes))
    assert fault is not None
    assert fault.status == 422
    text = str(fault)
    assert text.startswith("Column is ")
    assert "missing" in text if value is None else repr(value)[:80] in text
    assert "\n" not in text
    assert len(text) < 250


DAY = pd.Timestamp("2020-01-01")
# That day as pandas writes it by default.
SINCE_1970 = [1_577_836_800_000, 1.5778368e12]
TIMES_TAKEN = [
    ("2020-01-01", "2020-01-01"), ("20200101", "2020-01-01"), ("2020-01", "2020-01-01"),
    ("2020", "2020-01-01"), ("2021-W05", "2021-02-01"), ("2021W05", "2021-02-01"),
    ("2021-W05-3", "2021-02-03"), ("2021W053", "2021-02-03"), ("2020-W53-5", "2021-01-01"),
    ("2021-032", "2021-02-01"), ("2021032", "2021-02-01"), ("2020-366", "2020-12-31"),
    ("2020-12-31T24:00:00", "2021-01-01"), ("2020-12-31T24:00", "2021-01-01"),
    ("2020-W01-3T24", "2020-01-02"), ("2020-001T10:00", "2020-01-01 10:00"),
    ("2020-01-01T10", "2020-01-01 10:00"), ("2020-01-01T10:30", "2020-01-01 10:30"),
    ("20200101T103005", "2020-01-01 10:30:05"), ("2020-01-01 10:30:05", "2020-01-01 10:30:05"),
    ("2020-01-01T10,5", "2020-01-01 10:30"), ("2020-01-01T10:30.25", "2020-01-01 10:30:15"),
    ("2020-01-01T10:30:05.123456789", "2020-01-01 10:30:05.123456789"),
    ("2020-01-01T10:30:05,1", "2020-01-01 10:30:05.1"),
    ("2020-01-01T10:00Z", "2020-01-01 10:00"), ("2020-01-01T10:00+05:30", "2020-01-01 04:30"),
    ("2020-01-01T10:00-0530", "2020-01-01 15:30"), ("2020-01-01T10:00+05", "2020-01-01 05:00"),
    ("2020-01-01T00:00:00.000Z", "2020-01-01"), ("1900-01-01", "1900-01-01"),
]  # fmt: skip
HOUR = pd.Timedelta("1h")
DURATIONS_TAKEN = [
    ("P2D", 48 * HOUR), ("PT3H", 3 * HOUR), ("P2DT3H", 51 * HOUR), ("P1W", 168 * HOUR),
    ("P1W1D", 192 * HOUR), ("P0DT0H0M0S", 0 * HOUR), ("P-1DT23H0M0S", -HOUR), ("-PT1H", -HOUR),
    ("-PT-1H", HOUR), ("+PT1H", HOUR), ("PT60M", HOUR), ("PT3600S", HOUR), ("PT1.5H", 1.5 * HOUR),
    ("P0,5D", 12 * HOUR), ("PT0.000000001S", pd.Timedelta(1)), ("PT36H", 36 * HOUR),
    ("P1DT2H3M4.5S", pd.Timedelta("1 day 02:03:04.5")), (0, 0 * HOUR), (3_600_000, HOUR),
    (-3.6e6, -HOUR), ("P106751D", pd.Timedelta(days=106751)),
]  # fmt: skip
ACCEPTED: list[tuple[str, list[tuple[Any, Any]]]] = [
    ("float64", [(0, 0.0), (-1.5, -1.5), (2**70, float(2**70)), (1.7e308, 1.7e308)]),
    ("float32", [(0.5, 0.5), (3.4028235e38, 3.4028234663852886e38), (7, 7.0)]),
    ("float64", [("22", 22.0), ("22.5", 22.5), (" 22\n", 22.0), ("-1e-3", -0.001), (".5", 0.5),
                 ("1E3", 1000.0), ("0", 0.0), (True, 1.0)]),
    ("int64", [("22", 22), (" 22 ", 22), ("22.0", 22), ("1e3", 1000), (True, 1), (False, 0),
               (str(2**63 - 1), 2**63 - 1), ("-9223372036854775808", -(2**63))]),
    ("Int64", [("9007199254740993", 2**53 + 1)]),
    ("int64", [(2**63 - 1, 2**63 - 1), (-(2**63), -(2**63)), (3.0, 3), (-0.0, 0)]),
    ("Int64", [(2**63 - 1, 2**63 - 1), (2**53 + 1, 2**53 + 1), (3.0, 3)]),
    ("int8", [(127, 127), (-128, -128), (127.0, 127)]),
    ("uint8", [(0, 0), (255, 255)]),
    ("uint64", [(2**64 - 1, 2**64 - 1)]),
    ("bool", [(True, True), (False, False), (0, False), (1, True), (0.0, False), (1.0, True)]),
    ("boolean", [(True, True), (False, False), (0, False), (1.0, True)]),
    ("object", [("a", "a"), (5, 5), (2**70, 2**70), (True, True), ([1], [1]),
                (["a", "b"], ["a", "b"]), ({"a": 1}, {"a": 1})]),
    ("str", [("a", "a"), ("", ""), (5, "5"), (2.5, "2.5"), (True, "True"), ("\u00e9", "\u00e9")]),
    ("category of texts", [("a", "a"), ("1", "1"), (1, "1"), (1.0, "1")]),
    ("category of numbers", [(2, 2), (2.0, 2), ("2", 2), (" 2.0", 2), (True, 1)]),
    ("category of truths", [(True, True), (1, True), (0.0, False)]),
    ("category of times", [("2020-01-01", DAY), (1_577_836_800_000, DAY)]),
    ("datetime64[ns]", [("2020-01-01", DAY), *((number, DAY) for number in SINCE_1970),
                        ("2020-01-01T00:00:00Z", DAY), ("2020-01-01T05:00:00+05:00", DAY),
                        (-157_766_400_000, pd.Timestamp("1965-01-01"))]),
    ("datetime64[us]", [*((number, DAY) for number in SINCE_1970),
                        # The day that stands for "for ever" in many a database.
                        (253_402_214_400_000, pd.Timestamp(9999, 12, 31)),
                        ("9999-12-31", pd.Timestamp(9999, 12, 31)),
                        ("0001-01-01", pd.Timestamp(1, 1, 1))]),
    ("datetime64[ns]", [(text, pd.Timestamp(meant)) for text, meant in TIMES_TAKEN]),
    # What is less than the unit is cut off, as by pandas.
    ("datetime64[s]", [("2020-01-01T00:00:00.999", DAY),
                       ("9999-12-31", pd.Timestamp(9999, 12, 31))]),
    ("datetime64[ms]", [("2020-01-01T00:00:00.0009999", DAY)]),
    ("timedelta64[s]", [("PT1.9S", pd.Timedelta("1s")), ("PT-1.9S", pd.Timedelta("-1s")),
                        (1_900, pd.Timedelta("1s"))]),
    ("datetime64[ns, Europe/Berlin]", [
        ("2020-07-01T12:00", pd.Timestamp("2020-07-01T12:00", tz="Europe/Berlin")),
        ("2020-07-01T10:00Z", pd.Timestamp("2020-07-01T12:00", tz="Europe/Berlin")),
        (1_593_597_600_000, pd.Timestamp("2020-07-01T12:00", tz="Europe/Berlin")),
        ("2020-10-25T02:30+01:00", pd.Timestamp("2020-10-25T01:30Z").tz_convert("Europe/Berlin")),
    ]),
    ("period[M]", [(text, pd.Period("2020-05", "M")) for text in ("2020-05", "2020-05-31")]),
    ("datetime64[ns, UTC]", [("2020-01-01", DAY.tz_localize("UTC")),
                             ("2020-01-01T05:00:00+05:00", DAY.tz_localize("UTC")),
                             (1_577_836_800_000, DAY.tz_localize("UTC"))]),
    ("timedelta64[ns]", DURATIONS_TAKEN),
    ("category of durations", [("PT1H", HOUR), (3_600_000, HOUR), ("P0DT1H0M0S", HOUR)]),
    ("category of intervals", [("(0, 1]", pd.Interval(0, 1)), ("(1, 2]", pd.Interval(1, 2)),
                               (1, pd.Interval(0, 1)), (1.5, pd.Interval(1, 2))]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "expected"), [(n, v, e) for n, pairs in ACCEPTED for v, e in pairs]
)
def test_what_fits_is_taken(name: str, value: Any, expected: Any) -> None:
    """The edges of each dtype are inside, and no digit of a whole number is lost, even beside a
    missing value or a fraction."""
    fitted = model({"x": DTYPES[name]})
    others = [o for o in ({"x": None}, {"x": 1.0}, {"x": "a"}) if refusal(o, fitted) is None]
    framed = frame([{"x": value}, *others], fitted)
    assert refusal({"x": value}, fitted) is None
    assert framed["x"].iloc[0] == expected


NULLABLE = [name for name in DTYPES if name not in {"int64", "int8", "uint8", "uint64", "bool"}]


@pytest.mark.parametrize("name", NULLABLE)
@pytest.mark.parametrize("observation", [{"x": None}, {}, json.loads('{"x": NaN}')])
def test_what_is_missing_is_missing(name: str, observation: Observation) -> None:
    """Nulls, NaN and absent keys are missing values, never None or a text of it."""
    fitted = model({"x": DTYPES[name]})
    if observation and observation["x"] is not None:
        observation = {"x": None}  # as `shared.strict_json` reads it
    assert refusal(observation, fitted) is None
    cell = frame([observation], fitted)["x"].iloc[0]
    assert pd.isna(cell)
    assert cell is not None


@pytest.mark.parametrize("name", ["category of texts", "category of numbers"])
def test_a_category_never_seen_is_missing(name: str) -> None:
    """A category that training did not have becomes a missing value, without a warning."""
    cells = frame([{"x": "zzz"}, {"x": None}, {"x": 99}], model({"x": DTYPES[name]}))["x"]
    assert cells.isna().all()


def test_columns_are_those_of_training() -> None:
    """The frame's columns and their order are the model's, whatever the observation's order."""
    fitted = model({"b": "int64", "a": "str", "c": "float64"})
    framed = frame([{"c": 1, "a": "x", "b": 2, "z": 3}, {"b": 1}], fitted)
    assert list(framed.columns) == ["b", "a", "c"]
    assert framed.dtypes.to_dict() == fitted.dtypes
    assert framed.index.tolist() == [0, 1]


def test_unknown_keys_are_named_in_order() -> None:
    """What the model has no column for is listed as sent; a column without a dtype is known."""
    fitted = model({"a": "int64", "b": None})
    assert unknown_keys({"z": 1, "a": 2, "y": 3, "b": 4}, fitted) == ["z", "y"]
    assert unknown_keys({"a": 2}, fitted) == []
    assert unknown_keys({}, fitted) == []


@pytest.mark.parametrize("name", ["str", "string"])
@given(values=st.lists(SCALARS, min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_texts_as_pandas_makes_them(name: str, values: list[Any]) -> None:
    """A column of strings holds what `astype` makes of objects, as the ancestor's frames did."""
    kept = [v for v in values if refusal({"a": v}, model({"a": name})) is None]
    column = frame([{"a": v} for v in kept], model({"a": name}))["a"]
    filled = [math.nan if v is None else v for v in kept]
    dtype = pd.api.types.pandas_dtype(name)
    expected = pd.Series(filled, dtype=object, name="a").astype(dtype)
    pd.testing.assert_series_equal(column, expected)
