"""`api.http.request_bodies`: which true classes may be one for some model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.http.request_bodies import understand
from shared.errors import WrongShapeError
from shared.queue.messages import Kind


def asked(true_class: str) -> Any:
    body = f'{{"id": 1, "true_class": {true_class}}}'.encode()
    return understand(Kind.UPDATE, body, "request")


@pytest.mark.parametrize(
    "true_class",
    ["0", "1.0", "-0.5", "1e300", "true", '"yes"', f'"{"x" * 255}"', f"{2**63 - 1}", f"{-(2**63)}",
     "[1]", "[0.5, -2]", json.dumps([1.5] * 1000)],
)  # fmt: skip
def test_what_a_model_may_have_predicted(true_class: str) -> None:
    """A worker knows which of them its model can."""
    assert asked(true_class).kind is Kind.UPDATE


@pytest.mark.parametrize(
    "true_class",
    ["null", "NaN", '""', f'"{"x" * 256}"', f"{2**63}", f"{-(2**63) - 1}", "1e999", "{}", "[]",
     "[true]", '["yes"]', "[null]", "[NaN]", "[[1]]", f"[{2**63}]", json.dumps([1.5] * 1001)],
)  # fmt: skip
def test_what_none_has(true_class: str) -> None:
    """Is refused before it is queued, naming the field."""
    with pytest.raises(WrongShapeError, match="true_class must be a class"):
        asked(true_class)
