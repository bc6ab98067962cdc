"""The shipped model has a manifest: `queuecast pack` makes it of the data that it was fitted on,
the same on each machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from queuecast.commands.main import main

from tests.client.test_pack import SCHEMA
from worker.model.manifest import PYTHON, Manifest
from worker.model.trained_with import other_versions


def close_to(value: Any) -> Any:
    """The same, with numbers as near as two processors may compute them."""
    if isinstance(value, dict):
        return {name: close_to(one) for name, one in value.items()}
    if isinstance(value, list):
        return [close_to(one) for one in value]
    return pytest.approx(value, abs=1e-9) if isinstance(value, float) else value


def test_it_is_made_by_the_command(tmp_path: Path, artifacts: Path) -> None:
    """With the name and the data that artifacts/README.md gives to it."""
    for name in ("pipeline.pickle", "dtypes.pickle", "columns.json"):
        shutil.copy(artifacts / name, tmp_path)
    command = "queuecast pack artifacts --data artifacts/data/titanic_train.csv --target Survived"
    assert f"{command} --name titanic" in (artifacts / "README.md").read_text()
    data = str(artifacts / "data" / "titanic_train.csv")
    asked = ["--data", data, "--target", "Survived", "--name", "titanic"]
    assert main(["pack", str(tmp_path), *asked]) == 0
    made = json.loads((tmp_path / "manifest.json").read_text())
    shipped = json.loads((artifacts / "manifest.json").read_text())
    jsonschema.validate(shipped, SCHEMA, format_checker=jsonschema.FormatChecker())
    for of_the_day in ("packed_at", "python"):
        del made[of_the_day], shipped[of_the_day]
    assert made == close_to(shipped)
    assert shipped["gaps"] == []


def test_it_belongs_to_the_files(artifacts: Path) -> None:
    """And to the libraries that are pinned, so that a worker has nothing to say."""
    manifest = Manifest.read(artifacts)
    assert manifest is not None and manifest.name == "titanic"
    assert len(manifest.golden_rows) >= 20
    assert other_versions(manifest.libraries).keys() <= {PYTHON}
