"""An environment with earlier versions of the libraries, installed once for all tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local.model_environment import python_for
from local.model_requirements import REQUIREMENTS
from local.stop_request import StopRequest

OLDER = ("scikit-learn==1.5.2", "pandas==2.2.3", "numpy<2.3")
_VERSIONS = "import pandas, sklearn; print(sklearn.__version__, pandas.__version__)"


def versions(python: str) -> str:
    """Those of scikit-learn and pandas that an interpreter has."""
    command = [python, "-c", _VERSIONS]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def older_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a worker's environment with scikit-learn 1.5 and pandas 2.2, made as
    `make run` makes it."""
    asking: Path = tmp_path_factory.mktemp("asking")
    (asking / REQUIREMENTS).write_text("\n".join(OLDER) + "\n")
    python = python_for(asking, tmp_path_factory.mktemp("older"), StopRequest())
    assert versions(python) == "1.5.2 2.2.3"
    return python
