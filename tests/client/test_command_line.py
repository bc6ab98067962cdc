"""`queuecast`: every command has help, and `pack` writes a manifest for files that exist."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import joblib
import jsonschema
import pandas as pd
import pytest
from queuecast.commands.main import main, queuecast

from shared.settings import CHECKOUT
from tests.client.packable import KINDS
from tests.client.test_pack import SCHEMA
from worker.scoring.trial import try_out

# The process of the tests has threads, which a worker's has not when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

FILES = ("pipeline.pickle", "dtypes.pickle", "columns.json")
TRAINING = CHECKOUT / "artifacts" / "data" / "titanic_train.csv"


def commands(
    group: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, with its path."""
    yield path, group
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, (*path, name))


ALL = list(commands(queuecast))


@pytest.mark.parametrize(
    ("path", "command"), ALL, ids=[" ".join(("queuecast", *path)) for path, _ in ALL]
)
def test_every_command_is_explained(
    path: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Itself and each of its options, by --help as in the README or the documents."""
    assert main([*path, "--help"]) == 0
    said = capsys.readouterr().out
    assert command.help and command.help.splitlines()[0] in said
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.opts[0] in said
    if path:
        documents = [CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md")]
        written = f"queuecast {' '.join(path)}"
        assert any(written in document.read_text() for document in documents), written
    else:
        assert all(name in said for name in queuecast.commands)


@pytest.fixture
def titanic(tmp_path: Path) -> Path:
    """The three files of the shipped model."""
    folder = tmp_path / "titanic"
    folder.mkdir()
    for name in FILES:
        shutil.copy(CHECKOUT / "artifacts" / name, folder)
    return folder


def manifest_in(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    jsonschema.validate(manifest, SCHEMA, format_checker=jsonschema.FormatChecker())
    return manifest


def test_with_data(titanic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that `queuecast.pack` says, of files that stay as they are; a worker agrees."""
    before = {name: (titanic / name).read_bytes() for name in FILES}
    named = ["--name", "survival", "--positive-class", "1", "--metric", "auc=0.85", "--json"]
    assert (
        main(["pack", str(titanic), "--data", str(TRAINING), "--target", "Survived", *named]) == 0
    )
    said = json.loads(capsys.readouterr().out)
    manifest = manifest_in(titanic)
    assert said["manifest"] == str(titanic.resolve() / "manifest.json")
    assert said["golden_rows"] == len(manifest["golden_rows"]) >= 20
    assert (manifest["name"], manifest["rows"]) == ("survival", 891)
    assert (manifest["positive_class"], manifest["metrics"]) == (1, {"auc": 0.85})
    assert manifest["target"] == {"values": [[0, 549], [1, 342]], "others": 0}
    assert {name: (titanic / name).read_bytes() for name in FILES} == before
    assert try_out(titanic, 20.0, 1).answered == manifest["golden_rows"][0]["observation"]


def test_without_data(titanic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the files show, and what they do not, in words; a worker serves it."""
    assert main(["pack", str(titanic)]) == 0
    said = capsys.readouterr().out
    assert "model      titanic, version " in said
    assert "note       without data there are no golden rows" in said
    manifest = manifest_in(titanic)
    assert manifest["rows"] is None and manifest["golden_rows"] == []
    assert manifest["classes"] == [0, 1]
    assert manifest["columns"][0] == {"name": "Pclass", "dtype": "int64"}
    assert try_out(titanic, 20.0, 1).answered is not None


def test_categories_without_data(tmp_path: Path) -> None:
    """They are of the dtype. The positive class is named as a text."""
    pipeline, data, _ = KINDS["texts"]()
    joblib.dump(pipeline, tmp_path / "pipeline.pickle")
    (tmp_path / "dtypes.pickle").write_bytes(pickle.dumps(data.dtypes))
    (tmp_path / "columns.json").write_text(json.dumps(list(data.columns)))
    assert main(["pack", str(tmp_path), "--positive-class", "no"]) == 0
    manifest = manifest_in(tmp_path)
    by_name = {column["name"]: column for column in manifest["columns"]}
    assert by_name["grade"]["categories"] == ["low", "middle", "high"]
    assert manifest["positive_class"] == "no"


def test_every_dtype_from_a_file(tmp_path: Path) -> None:
    """Numbers that may lack, categories, booleans and times come back as they were trained."""
    pipeline, data, _ = KINDS["0 and 1"]()
    joblib.dump(pipeline, tmp_path / "pipeline.pickle")
    (tmp_path / "dtypes.pickle").write_bytes(pickle.dumps(data.dtypes))
    (tmp_path / "columns.json").write_text(json.dumps(list(data.columns)))
    file = tmp_path / "training.csv"
    data.to_csv(file, index=False)
    assert main(["pack", str(tmp_path), "--data", str(file)]) == 0
    manifest = manifest_in(tmp_path)
    assert [c["dtype"] for c in manifest["columns"]] == [str(dtype) for dtype in data.dtypes]
    assert manifest["target"] is None
    assert manifest["gaps"] == []
    assert try_out(tmp_path, 20.0, 1).answered is not None


def _refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> tuple[int, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("queuecast: "), lines
    return code, lines[0]


def test_what_is_wrong_is_one_line(
    titanic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do; 2 when it was asked for wrongly, else 1; and no manifest is written."""
    data = ["--data", str(TRAINING)]
    wrong = {
        ("nonsense",): (2, "No such command 'nonsense'"),
        ("pack", str(tmp_path / "nowhere")): (2, "does not exist"),
        ("pack", str(titanic), "--target", "Survived"): (2, "--target is a column of --data"),
        ("pack", str(titanic), "--metric", "auc"): (2, "must be NAME=FIGURE"),
        ("pack", str(titanic), "--metric", "auc=nan"): (2, "must be NAME=FIGURE"),
        ("pack", str(titanic), *data, "--target", "Died"): (1, "has no column 'Died'"),
        ("pack", str(titanic), "--positive-class", "2"): (1, "is none of two classes"),
        ("pack", str(titanic), "--data", str(titanic / "pipeline.pickle")): (1, "read as CSV"),
    }
    for arguments, (code, said) in wrong.items():
        found, line = _refused(capsys, list(arguments))
        assert (found, said in line) == (code, True), line
    (titanic / "dtypes.pickle").unlink()
    assert "lacks dtypes.pickle" in _refused(capsys, ["pack", str(titanic)])[1]
    assert not (titanic / "manifest.json").exists()


def test_data_of_another_dtype(
    titanic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The column is named."""
    file = tmp_path / "training.csv"
    pd.read_csv(TRAINING).assign(Pclass="first").to_csv(file, index=False)
    code, line = _refused(capsys, ["pack", str(titanic), "--data", str(file)])
    assert code == 1 and "the column 'Pclass' cannot be read as int64" in line


def test_another_scikit_learn(titanic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Golden rows of other versions would be a lie."""
    path = titanic / "pipeline.pickle"
    import sklearn

    version = sklearn.__version__.encode()
    assert version in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(version, b"0" + version[1:]))
    code, line = _refused(capsys, ["pack", str(titanic)])
    assert code == 1 and "was written with scikit-learn 0" in line


def test_as_a_process(titanic: Path) -> None:
    """From anywhere."""
    command = [sys.executable, "-m", "queuecast", "pack", "titanic"]
    done = subprocess.run(
        command, cwd=titanic.parent, env={"PYTHONPATH": str(CHECKOUT / "client")},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[0].endswith("titanic/manifest.json")
    assert done.stderr == ""


def test_installed(tmp_path: Path) -> None:
    """As `make run` installs it, it is a command, with nothing from the package index."""
    shutil.copytree(CHECKOUT / "client", tmp_path / "client")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--target", str(tmp_path / "into"), "./client"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(tmp_path / "into" / "bin" / "queuecast"), "--version"],
        env={"PYTHONPATH": str(tmp_path / "into")}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "0.1.0\n"
