"""`tests.dealing`: how the suite is dealt out."""

from __future__ import annotations

from shared.settings import CHECKOUT
from tests.dealing import LONGEST, place_of, scope_of


def test_what_is_dealt_first_is_there() -> None:
    """A file that was renamed would come last without a word."""
    assert [name for name in LONGEST if not (CHECKOUT / name).exists()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_files_stay_together_and_the_images() -> None:
    """A file's tests are one scope; those of the deployment's folder share theirs."""
    assert scope_of("tests/unit/test_a.py::test_b[c::d]") == "tests/unit/test_a.py"
    assert scope_of("tests/deployment/test_images.py::test_b") == "tests/deployment"
    assert scope_of("tests/deployment/test_heroku.py::test_c") == "tests/deployment"


def test_the_longest_come_first() -> None:
    """In the order of the table, then all others."""
    places = [place_of(f"{name}::test") for name in LONGEST]
    assert places == list(range(len(LONGEST)))
    assert place_of("tests/unit/test_dealing.py::test") == len(LONGEST)
