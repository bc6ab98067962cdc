"""Answers to single observations. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from shared.errors import UnansweredError
from worker.model.alignment import NO_ANSWER

# The probability that is the whole answer of classes 0 and 1, or the body of another answer.
Answer = float | dict[str, Any]


def unusable(value: Any) -> UnansweredError:
    """The error of a row that was answered with what is no number."""
    return UnansweredError(f"the model's answer is {value}")


def usable(body: dict[str, Any]) -> Answer | UnansweredError:
    """The body, unless its prediction is None or one of its numbers is none."""
    if body["prediction"] is None:
        return UnansweredError(NO_ANSWER)
    for value in body.values():
        for number in value.values() if isinstance(value, dict) else [value]:
            if isinstance(number, float) and not math.isfinite(number):
                return unusable(number)
    return body


def of_numbers(given: Any) -> Answer | UnansweredError:
    """The answer of a regressor that gave a number for a row, or a list of them."""
    several = isinstance(given, list)
    numbers = [plain_number(number) for number in (given if several else [given])]
    if any(number is None for number in numbers):
        return UnansweredError(NO_ANSWER)
    for number in numbers:
        if not math.isfinite(number):
            return unusable(number)
    return {"prediction": numbers if several else numbers[0]}


def plain_number(value: Any) -> Any:
    """As JSON has it: whole numbers and truths stay what they are. None for none."""
    bare = value.item() if isinstance(value, np.generic) else value
    return bare if bare is None or isinstance(bare, int | float) else float(bare)


def as_body(answer: Answer) -> dict[str, Any]:
    """The body of a 200."""
    return {"proba": answer} if isinstance(answer, float) else answer


def shown(answer: Answer) -> str:
    """In a message: a probability by itself, and else its JSON, of bounded length."""
    return (
        str(answer) if isinstance(answer, float) else json.dumps(answer, ensure_ascii=False)[:300]
    )
