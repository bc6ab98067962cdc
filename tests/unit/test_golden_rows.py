"""`worker.scoring.golden_rows`: answers that are others in company than where they were trained."""

from __future__ import annotations

import math
from typing import Any

import pytest

from shared.errors import ArtifactError
from tests.unit.small_models import own_answer, rows, small_model
from worker.model.loading import Model
from worker.model.manifest import GoldenRow, Manifest
from worker.scoring.golden_rows import check_golden_rows, expected


def manifest_of(model: Model, count: int = 12) -> Manifest:
    """What the model says of rows without a null, each alone."""
    whole = [row for row in rows(60) if None not in row.values()][:count]
    golden = tuple(GoldenRow(row, {"proba": own_answer(model, row)}) for row in whole)
    return Manifest("small", "1", {}, {}, (False, True), (), {}, golden)


def test_the_same_in_company() -> None:
    """Such a model is scored in groups."""
    model = small_model(lambda data: data * 2)
    assert not check_golden_rows(model, manifest_of(model), math.inf)


def test_others_in_company() -> None:
    """A model that computes from its whole frame answers each row as it was answered alone only."""
    model = small_model(lambda data: data / data.abs().max())
    assert check_golden_rows(model, manifest_of(model), math.inf)


def test_others_alone() -> None:
    """It is another model."""
    manifest = manifest_of(small_model(lambda data: data * 2))
    with pytest.raises(ArtifactError, match=r"manifest\.json with .*trained with .*pack it"):
        check_golden_rows(small_model(lambda data: data * 3), manifest, math.inf)


@pytest.mark.parametrize(
    ("answer", "classes", "second"),
    [
        ({"proba": 0.25}, (0, 1), 0.25),
        ({"proba": 0.75, "prediction": 0, "probas": {"0": 0.75, "1": 0.25}}, (0, 1), 0.25),
        ({"proba": 0.7, "probas": {"no": 0.7, "yes": 0.3}}, ("no", "yes"), 0.3),
        ({"proba": 0.75, "probas": {"1": 0.75, "0": 0.25}}, (1, 0), 0.75),
        ({"proba": 0.6}, (True, False), 0.6),
        ({"proba": 0.6, "probas": {"false": 0.4, "true": 0.6}}, (False, True), 0.6),
    ],
)
def test_the_second_class(answer: dict[str, Any], classes: tuple[Any, ...], second: float) -> None:
    """Whatever class an answer calls the positive one."""
    assert expected(answer, classes) == second
