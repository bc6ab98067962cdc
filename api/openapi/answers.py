"""What a model of each kind answers, as a JSON Schema. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api.openapi.references import schema
from api.openapi.served_model import ServedModel
from shared.model_kind import ModelKind, class_key

Schema = dict[str, Any]
# The properties of an answer, and which of them it always has.
Properties = tuple[Mapping[str, Any], list[str]]

PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_MOST_TOLD = 20


def answer_schema(model: ServedModel | None) -> Schema:
    """What `POST /predict` answers with 200."""
    kind = model.kind or "" if model is not None else ""
    make = _OF_KIND.get(kind)
    properties, required = _of_any_kind() if model is None or make is None else make(model)
    return {
        "type": "object",
        "properties": {
            **properties,
            "error": {
                "type": "string",
                "description": "Only when the id was predicted before: then the rest is what was "
                "stored.",
            },
            "warnings": schema("Warnings"),
        },
        **({"required": required} if required else {"minProperties": 1}),
    }


def listed(model: ServedModel) -> str:
    """The first of its classes, for people."""
    shown = ", ".join(f"`{class_key(label)}`" for label in model.classes[:_MOST_TOLD])
    return shown + (", …" if len(model.classes) > _MOST_TOLD else "")


def _classifier(model: ServedModel) -> Properties:
    of_positive = f"The probability of class `{class_key(model.positive_class)}`."
    if set(model.classes) == {0, 1}:  # in Python false is equal to 0, and true to 1
        return {"proba": {**PROBABILITY, "description": of_positive}}, ["proba"]
    by_class = {class_key(label): PROBABILITY for label in model.classes}
    return {
        "proba": {**PROBABILITY, "description": of_positive} if len(model.classes) == 2 else {
            **PROBABILITY, "type": ["number", "null"],
            "description": "The probability of `prediction`; null when that is no class.",
        },
        "prediction": _prediction(model),
        "probas": {
            "type": "object", "description": "By class.",
            "properties": by_class, "required": list(by_class),
        },
    }, ["proba", "prediction", "probas"]  # fmt: skip


def _without_probabilities(model: ServedModel) -> Properties:
    scores = {"type": "object", "additionalProperties": {"type": "number"}}
    score = {"anyOf": [{"type": "number"}, scores], "description": "Of `decision_function`."}
    return {"prediction": _prediction(model), "score": score}, ["prediction"]


def _prediction(model: ServedModel) -> Schema:
    # No enum: a `predict` of one's own may say what is no class, "unsure" for example.
    told = f"What the pipeline's `predict` says; its classes are {listed(model)}."
    return {"type": ["string", "number", "boolean"], "description": told}


def _regressor(model: ServedModel) -> Properties:
    number: Schema = {"type": "number"}
    several: Schema = {"type": "array", "items": number}
    if model.outputs is None:
        return {"prediction": {"anyOf": [number, several]}}, ["prediction"]
    if model.outputs == 1:
        return {"prediction": number}, ["prediction"]
    several |= {"minItems": model.outputs, "maxItems": model.outputs}
    return {"prediction": several}, ["prediction"]


def _of_any_kind() -> Properties:
    return {
        "proba": {**PROBABILITY, "type": ["number", "null"]},
        "prediction": {"description": "A class, a number, or an array of numbers."},
        "probas": {"type": "object", "additionalProperties": PROBABILITY},
        "score": {"description": "A number, or one for each class."},
    }, []


# Another kind is a line here.
_OF_KIND: dict[str, Callable[[ServedModel], Properties]] = {
    ModelKind.CLASSIFIER: _classifier,
    ModelKind.WITHOUT_PROBABILITIES: _without_probabilities,
    ModelKind.REGRESSOR: _regressor,
}
