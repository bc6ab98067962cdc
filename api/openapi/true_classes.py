"""Which true classes an update takes, as a JSON Schema. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from api.openapi.answers import listed
from api.openapi.served_model import ServedModel
from shared.model_kind import MOST_NUMBERS, ModelKind
from shared.observation_id import LARGEST_INTEGER, LONGEST_TEXT, SMALLEST_INTEGER

Schema = dict[str, Any]

_WHOLE: Schema = {"type": "integer", "minimum": SMALLEST_INTEGER, "maximum": LARGEST_INTEGER}
# Of whole numbers more than 64 bits are refused; of fractions none is as large in practice.
_NUMBER: Schema = {**_WHOLE, "type": "number"}
_TRUTH: Schema = {"type": "boolean"}
_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}


def true_class_schema(model: ServedModel | None) -> Schema:
    """Those of the model's own kind, and what plainly stands for one of its classes."""
    if model is not None and model.kind == ModelKind.REGRESSOR:
        return {"description": "The true number.", **_numbers(model.outputs)}
    if model is None or not model.classes:
        return {"anyOf": [_NUMBER, _TEXT, _TRUTH, _several(1, MOST_NUMBERS)]}
    told = f"What really happened. The model's classes are {listed(model)}."
    return {"description": told, "anyOf": _of_classes(model.classes)}


def _of_classes(classes: tuple[Any, ...]) -> list[Schema]:
    if all(isinstance(label, int | float) for label in classes):
        number = _NUMBER if any(map(_is_fraction, classes)) else _WHOLE
        # Their texts as Python writes them, by which a worker recognises them.
        return [number, _TRUTH, {"enum": [str(label) for label in classes]}]
    others = [value for label in classes for value in _with_this_text(label)]
    return [_TEXT, {"enum": others}] if others else [_TEXT]


def _with_this_text(label: Any) -> list[Any]:
    """The numbers and truths whose text is a class."""
    if not isinstance(label, str):
        return [label]
    if label in ("True", "False"):
        return [label == "True"]
    try:
        number = json.loads(label)
    except (ValueError, RecursionError):
        return []
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return [number] if is_number and _fits(number) and str(number) == label else []


def _fits(number: float) -> bool:
    if isinstance(number, int):
        return SMALLEST_INTEGER <= number <= LARGEST_INTEGER
    # JSON Schema cannot tell 1.0 from 1, whose text is another.
    return math.isfinite(number) and not number.is_integer()


def _is_fraction(label: Any) -> bool:
    return isinstance(label, float) and not label.is_integer()


def _numbers(outputs: int | None) -> Schema:
    if outputs is None:
        return {"anyOf": [_NUMBER, _several(1, MOST_NUMBERS)]}
    return _NUMBER if outputs == 1 else _several(outputs, outputs)


def _several(least: int, most: int) -> Schema:
    return {"type": "array", "items": _NUMBER, "minItems": least, "maxItems": most}
