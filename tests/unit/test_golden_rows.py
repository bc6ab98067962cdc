"""`worker.scoring.golden_rows`: answers that are others in company than where they were trained."""

from __future__ import annotations

import math

import pytest

from shared.errors import ArtifactError
from tests.unit.small_models import own_answer, rows, small_model
from worker.model.loading import Model
from worker.model.manifest import GoldenRow, Manifest
from worker.scoring.golden_rows import check_golden_rows


def manifest_of(model: Model, count: int = 12) -> Manifest:
    """What the model says of rows without a null, each alone."""
    whole = [row for row in rows(60) if None not in row.values()][:count]
    golden = tuple(GoldenRow(row, {"proba": own_answer(model, row)}) for row in whole)
    return Manifest("small", "1", {}, {}, (False, True), True, (), {}, golden)


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
