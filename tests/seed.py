"""A plug-in of pytest: property-based tests try other examples in every run, and a run that failed
names the seed with which the same command tries the same ones again.

A shared seed, beside what Hypothesis prints of each failure: where the examples change a database,
a failure may need those that came before it.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest

_SEED = "hypothesis_seed"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose a seed, unless the command line gives one, before Hypothesis looks for it. A process
    that shares the tests has the seed of the one that deals them out."""
    if config.getoption(_SEED, None) is None:
        given = getattr(config, "workerinput", {}).get(_SEED)
        setattr(config.option, _SEED, given or str(secrets.randbelow(2**32)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell it to a process that is about to share the tests."""
    node.workerinput[_SEED] = node.config.getoption(_SEED)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the seed when something failed."""
    if terminalreporter.stats.get("failed"):
        seed = config.getoption(_SEED)
        terminalreporter.write_line(f"the same examples again: pytest --hypothesis-seed={seed}")
