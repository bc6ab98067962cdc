"""A manifest beside the three files: what a worker finds out from it before it serves."""

from __future__ import annotations

import json
import logging
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from queuecast import pack

from shared.errors import ArtifactError
from tests.client.packable import KINDS
from worker.checking.__main__ import check
from worker.checking.report import report
from worker.model.answers import as_body
from worker.model.loading import Model
from worker.model.manifest import Manifest
from worker.model.trained_with import other_versions
from worker.scoring.agreement import agree
from worker.scoring.framing import frame
from worker.scoring.trial import Trial, try_out

# The process of the tests has threads, which a worker's has not when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture(scope="module", params=["0 and 1", "texts", "three classes", "several numbers"])
def packed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed model, the first of two classes being the positive one of "texts"."""
    folder = tmp_path_factory.mktemp("packed")
    pipeline, data, y = KINDS[request.param]()
    positive = "no" if request.param == "texts" else None
    pack(folder, pipeline, data, y, positive_class=positive)
    return folder


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return shutil.copytree(packed, tmp_path / "model")


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def tried(folder: Path) -> Trial:
    return try_out(folder, 20.0, 1)


def test_it_agrees(folder: Path) -> None:
    """The model is served, and its example is a row of the training frame."""
    found = tried(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert found.answered == manifest["golden_rows"][0]["observation"]
    assert not found.row_by_row
    # Its golden rows were answered alike, and so is a model that children load.
    (answer,) = found.load(folder).answers(_golden_frame(found.load(folder), manifest))
    assert not isinstance(answer, Exception)
    assert agree(as_body(answer), manifest["golden_rows"][0]["answer"], 1e-9)
    details = found.description["details"]
    assert details["kind"] == manifest["kind"]
    assert details["classes"] == manifest["classes"]
    assert details["positive_class"] == manifest["positive_class"]
    assert details["name"] == manifest["name"]
    by_name = {column["name"]: column for column in details["columns"]}
    assert list(by_name) == found.description["columns"]
    assert by_name["grade"]["categories"] == ["low", "middle", "high"]
    assert by_name["size"]["range"] == manifest["columns"][0]["range"]


def _golden_frame(model: Model, manifest: dict[str, Any]) -> Any:
    return frame([manifest["golden_rows"][0]["observation"]], model)


def test_a_positive_class_that_is_none(folder: Path) -> None:
    """Of two classes that are not 0 and 1 it is looked at; else it is always the same."""
    classes = json.loads((folder / "manifest.json").read_text())["classes"]
    change(folder, lambda m: m.update(positive_class="maybe"))
    if classes == [0, 1]:
        assert tried(folder).description["details"]["positive_class"] == 1
    else:
        with pytest.raises(ArtifactError, match="'maybe', which is none of two classes"):
            tried(folder)


def test_other_answers(folder: Path) -> None:
    """A row that is answered differently by a millionth is one line that names the row, both
    answers, and which library is another."""

    def edit(manifest: dict[str, Any]) -> None:
        answer = manifest["golden_rows"][7]["answer"]
        for held in (answer, answer.get("probas", {})):
            held.update({n: p - 1e-6 for n, p in held.items() if isinstance(p, float)})
        if isinstance(answer["prediction" if "prediction" in answer else "proba"], list):
            answer["prediction"][1] += 1e-6
        manifest["libraries"]["scikit-learn"] = "1.0"

    change(folder, edit)
    with pytest.raises(ArtifactError) as caught:
        tried(folder)
    said = str(caught.value)
    assert "pipeline.pickle answers the golden row {" in said
    assert "it was trained with scikit-learn 1.0, here " in said
    assert "\n" not in said


def test_other_versions(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Are one line of the log, also where no answer is another; and a note of `make check`."""

    def edit(manifest: dict[str, Any]) -> None:
        manifest["libraries"] |= {"pandas": "0.9", "unheard_of": "3.1"}
        manifest["python"] = "2.7.1"

    change(folder, edit)
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)
    try:
        assert tried(folder).answered is not None
    finally:
        logging.getLogger().removeHandler(handler)
    (line,) = (line for line in capfd.readouterr().err.splitlines() if "other versions" in line)
    assert "pandas 0.9, here " in line and "unheard_of 3.1, here none" in line
    assert "Python 2.7.1, here 3." in line
    assert "scikit-learn" not in line
    assert line in report(check(folder, 20.0, 8192))


def test_another_python_alone(folder: Path) -> None:
    """Is no warning: hardly ever has it changed an answer. Nor is another patch of the same."""
    here = platform.python_version_tuple()
    change(folder, lambda m: m.update(python=f"{here[0]}.{here[1]}.99"))
    manifest = Manifest.read(folder)
    assert manifest is not None and other_versions(manifest.libraries) == {}
    change(folder, lambda m: m.update(python="3.1.0"))
    assert "other versions" not in report(check(folder, 20.0, 8192))


def test_a_row_that_is_refused(folder: Path) -> None:
    """By the same reading that requests go through."""
    change(folder, lambda m: m["golden_rows"][3]["observation"].update(size="large"))
    with pytest.raises(ArtifactError, match="size is 'large'"):
        tried(folder)


def test_of_other_files(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A manifest that was left behind is not looked at, which the log says."""
    columns = json.loads((folder / "columns.json").read_text())
    (folder / "columns.json").write_text(json.dumps(columns, indent=2))
    change(folder, lambda m: m["golden_rows"].clear())
    with caplog.at_level(logging.WARNING):
        assert Manifest.read(folder) is None
    assert "is stale: it belongs to another columns.json" in caplog.text
    assert tried(folder).answered is not None


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", '{"format": 2}', "null", '{"format": 1, "name": "x"}']
)
def test_broken(folder: Path, text: str) -> None:
    """Nothing is guessed: it is written again, or removed."""
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match="no manifest that can be read"):
        tried(folder)
