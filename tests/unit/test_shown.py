"""What is said of what a client sent stays small, however much it sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.errors import WrongShapeError
from shared.shown import LONGEST_SHOWN, MOST_WARNINGS, unused_key_warnings
from tests.answerings import classifier
from tests.system import FIRST_PASSENGER
from worker.model.loading import load
from worker.scoring.scoring import score
from worker.scoring.true_class import recognise


def test_a_few_keys_are_all_named() -> None:
    """As they were sent, up to the bound."""
    keys = [f"key {number}" for number in range(MOST_WARNINGS)]
    assert unused_key_warnings("not used", keys) == [f"not used: {key}" for key in keys]
    assert unused_key_warnings("not used", []) == []


def test_many_keys_are_counted() -> None:
    """Beyond the bound only how many there are is said."""
    said = unused_key_warnings("not used", [str(number) for number in range(MOST_WARNINGS + 7)])
    assert len(said) == MOST_WARNINGS + 1
    assert said[-1] == "not used: 7 more"


def test_a_long_key_is_cut_off() -> None:
    """It is recognised by its beginning."""
    assert unused_key_warnings("not used", ["k" * 5000]) == [f"not used: {'k' * LONGEST_SHOWN}…"]


@pytest.mark.parametrize(("count", "length"), [(100_000, 5), (1, 1_000_000), (1000, 1000)])
def test_a_megabyte_of_unknown_keys(artifacts: Path, count: int, length: int) -> None:
    """The row is answered, and the warnings take a few kilobytes."""
    unknown = {f"{number:0{length}}": 1 for number in range(count)}
    document = {"id": 0, "observation": {**FIRST_PASSENGER, **unknown}, **unknown}
    found = score([json.dumps(document)], load(artifacts))[0]
    assert found.proba is not None
    assert 2 <= len(found.warnings) <= 2 * (MOST_WARNINGS + 1)
    assert len(json.dumps(found.warnings)) < 10_000


def test_a_megabyte_of_true_class() -> None:
    """The refusal names its beginning, and of many classes the first."""
    with pytest.raises(WrongShapeError) as caught:
        recognise("x" * 1_000_000, classifier(*range(100_000)))
    assert str(caught.value).startswith("true_class is 'xxx")
    assert len(str(caught.value)) < 400
