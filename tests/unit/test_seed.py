"""`tests.seed`: what the property-based tests try is new in every run, and can be had again."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import CHECKOUT
from tests.system import INHERITED

# As the tests that change a database: what fails depends on what came before.
TEST = """
from hypothesis import given, settings, strategies as st

@given(st.integers())
@settings(derandomize=False, database=None, max_examples=20)
def test_it(number):
    print("tried", number)
    assert number < 5 or number > 2**70
"""


def run(folder: Path, *options: str) -> str:
    """What a run of the test above prints."""
    # Not what a suite that is shared tells its processes.
    environment = {k: v for k, v in INHERITED.items() if not k.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(CHECKOUT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.seed", "-p", "no:cacheprovider", *options],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("processes", [[], ["-n", "1"]], ids=["alone", "shared"])
def test_a_failure_can_be_had_again(tmp_path: Path, processes: list[str]) -> None:
    """By the seed that the end of the run names, also when several processes share the tests."""
    (tmp_path / "test_it.py").write_text(TEST)
    first, second = run(tmp_path, *processes), run(tmp_path, *processes)
    (seed,) = re.findall(r"^the same examples again: pytest (--hypothesis-seed=\d+)$", first, re.M)
    assert seed not in second
    tried = re.findall(r"^tried .*", first, re.M)
    assert len(tried) > 1
    assert tried != re.findall(r"^tried .*", second, re.M)
    assert tried == re.findall(r"^tried .*", run(tmp_path, *processes, seed), re.M)
