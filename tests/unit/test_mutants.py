"""`tests.mutants`: each bug can be planted, and the tests that are to notice it are there."""

from __future__ import annotations

import ast

import pytest

from shared.settings import CHECKOUT
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import plant


@pytest.mark.parametrize("planted", MUTANTS, ids=lambda planted: planted.name)
def test_it_can_be_planted(planted: Mutant) -> None:
    """Its text is there once, the file is Python with the bug in it, and its tests exist."""
    sound = (CHECKOUT / planted.file).read_text()
    ast.parse(plant(sound, planted))
    assert plant(sound, planted) != sound
    assert planted.tests and planted.harm
    for test in planted.tests:
        file, _, function = test.partition("::")
        text = (CHECKOUT / file).read_text()
        assert f"def {function}(" in text or not function, test


def test_names_are_unique() -> None:
    assert len({planted.name for planted in MUTANTS}) == len(MUTANTS)
