"""What a column of an observation takes, as a JSON Schema. Pure.

It says what `worker.scoring.reading` takes, which is more than the dtype's own values: what it lets
pass is not refused, and what it refuses is not accepted. What training saw, a range or categories,
bounds nothing, so it is told in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]

_SCALAR = ["string", "number", "boolean", "null"]
# The largest finite number of each dtype of floats, by its bits (IEEE 754), and texts of numbers
# that are certainly smaller.
_FLOATS = {
    16: (65504.0, r"([0-9]{1,4}(\.[0-9]{0,100})?|\.[0-9]{1,100})"),
    32: (3.4028234663852886e38, r"([0-9]{1,38}(\.[0-9]{0,100})?|\.[0-9]{1,100})"),
    64: (
        1.7976931348623157e308,
        r"([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})?",
    ),
}
# Below this, a number may be seconds, or the days of a spreadsheet, so that it is refused.
_LEAST_MILLISECONDS = 10**11
_MOST_SHOWN = 20


def observation_schema(columns: tuple[Mapping[str, Any], ...]) -> Schema:
    """An observation of a model of these columns; without any, an object of whatever keys."""
    properties = {column["name"]: column_schema(column) for column in columns}
    required = [column["name"] for column in columns if not _takes_null(column)]
    found: Schema = {
        "type": "object",
        "description": (
            "One value for each column. A key that is left out is null; one that the model does "
            "not use comes back in `warnings`. NaN is read as null."
        ),
        "properties": properties,
        "additionalProperties": True,
    }
    return {**found, "required": required} if required else found


def column_schema(column: Mapping[str, Any]) -> Schema:
    """One column, from its name, dtype and what the manifest knows of it."""
    dtype = str(column.get("dtype", "object"))
    found, taken = _of_dtype(dtype)
    told = [f"dtype `{dtype}`", *_in_training(column), *taken]
    return {**found, "description": "; ".join(told)}


def _takes_null(column: Mapping[str, Any]) -> bool:
    dtype = str(column.get("dtype", "object"))
    return dtype != "bool" and not re.fullmatch(r"u?int\d+", dtype)


def _in_training(column: Mapping[str, Any]) -> list[str]:
    told = []
    if "range" in column:
        smallest, largest = column["range"]
        told.append(f"from {smallest} to {largest} in training")
    if column.get("categories"):
        shown = [str(category) for category in column["categories"][:_MOST_SHOWN]]
        more = len(column["categories"]) - len(shown)
        listed = ", ".join(shown) + (f" and {more} more" if more else "")
        told.append(f"categories: {listed}")
    if column.get("nullable") is False:
        told.append("never missing in training")
    return told


def _of_dtype(dtype: str) -> tuple[Schema, list[str]]:
    """The schema, and what is to be said of it in words."""
    for pattern, make in _DTYPES:
        found = re.fullmatch(pattern, dtype)
        if found is not None:
            return make(found)
    return {}, ["whatever it means to the model"]


def _integer(found: re.Match[str]) -> tuple[Schema, list[str]]:
    bits, is_signed = int(found["bits"]), not found["unsigned"]
    smallest = -(2 ** (bits - 1)) if is_signed else 0
    largest = 2 ** (bits - is_signed) - 1
    is_nullable = found["int"] == "Int"
    kind: Any = ["integer", "null"] if is_nullable else "integer"
    whole = {"type": kind, "minimum": smallest, "maximum": largest}
    digits = len(str(largest)) - 1
    sign = "[+-]?" if is_signed else "[+]?"
    return _numbers(whole, rf"{sign}[0-9]{{1,{digits}}}(\.0{{0,9}})?")


def _float(found: re.Match[str]) -> tuple[Schema, list[str]]:
    largest, texts = _FLOATS[int(found["bits"])]
    number = {"type": ["number", "null"], "minimum": -largest, "maximum": largest}
    return _numbers(number, f"[+-]?{texts}")


def _numbers(numbers: Schema, texts: str) -> tuple[Schema, list[str]]:
    """These numbers, what is written in their stead, and what is to be said of that."""
    blank = r"[ \t\r\n]{0,9}"
    text = {"type": "string", "pattern": f"^{blank}{texts}{blank}$"}
    told = "or a text of it, or a truth as 0 or 1"
    return {"anyOf": [numbers, {"type": "boolean"}, text]}, [told]


def _boolean(found: re.Match[str]) -> tuple[Schema, list[str]]:
    kind: Any = ["boolean", "null"] if found[0] == "boolean" else "boolean"
    return {"anyOf": [{"type": kind}, {"enum": [0, 1]}]}, []


def _text(_: re.Match[str]) -> tuple[Schema, list[str]]:
    return {"type": _SCALAR}, ["a number is taken as its text"]


def _category(_: re.Match[str]) -> tuple[Schema, list[str]]:
    told = "anything but a category is answered as if it were missing, with a warning"
    return {"type": _SCALAR}, [told]


def _time(_: re.Match[str]) -> tuple[Schema, list[str]]:
    milliseconds = [
        {"type": "integer", "minimum": _LEAST_MILLISECONDS},
        {"type": "integer", "maximum": -_LEAST_MILLISECONDS},
    ]
    texts = [{"type": "string", "format": each} for each in ("date-time", "date")]
    told = "an ISO 8601 date or time, or milliseconds since 1970"
    return {"anyOf": [*texts, *milliseconds, {"type": "null"}]}, [told]


def _duration(_: re.Match[str]) -> tuple[Schema, list[str]]:
    told = "an ISO 8601 duration without years and months, or whole milliseconds"
    return {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}, [told]


def _object(_: re.Match[str]) -> tuple[Schema, list[str]]:
    return {"type": _SCALAR}, ["a list or an object, too, if the model takes one"]


_DTYPES: tuple[tuple[str, Callable[[re.Match[str]], tuple[Schema, list[str]]]], ...] = (
    (r"(?P<unsigned>[uU]?)(?P<int>[iI]nt)(?P<bits>8|16|32|64)", _integer),
    (r"[fF]loat(?P<bits>16|32|64)", _float),
    (r"bool|boolean", _boolean),
    (r"str|string.*", _text),
    (r"category", _category),
    (r"datetime64\[.*\]", _time),
    (r"timedelta64\[.*\]", _duration),
    (r"object", _object),
)
