"""The three files: with classes of their own, and refused with a reason."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from shared.errors import ArtifactError
from tests.system import FIRST_PROBA, INHERITED, System
from worker.model.artifacts import PIPELINE
from worker.model.loading import load, written_with


def train(script: Path, *arguments: str) -> None:
    """Run a training script as its README says."""
    subprocess.run([sys.executable, str(script), *arguments], env=INHERITED, check=True)


def test_a_model_with_classes_of_its_own_is_served(
    tmp_path: Path, artifacts: Path, new_redis_url: object, new_database_url: object
) -> None:
    """A package beside the pickles is found by a real worker, with no further step."""
    folder = tmp_path / "model"
    train(artifacts / "train_family.py", str(folder))
    url = new_database_url("sqlite")  # type: ignore[operator]
    system = System(url, new_redis_url(), tmp_path, {"MODEL_DIR": str(folder)})  # type: ignore[operator]
    try:
        system.start()
        answer = system.client.predict(0)
        assert answer.status == 200
        assert 0 < answer.json["proba"] < 0.2
        assert answer.json["proba"] != pytest.approx(FIRST_PROBA, abs=1e-6)
    finally:
        system.stop()


def test_a_missing_module_is_named(tmp_path: Path, artifacts: Path) -> None:
    """Without its package the pipeline cannot be read, and the message says what to do."""
    folder = tmp_path / "model"
    train(artifacts / "train_family.py", str(folder))
    for file in (folder / "custom_transformers").iterdir():
        file.unlink()
    (folder / "custom_transformers").rmdir()
    imports = "from pathlib import Path; from worker.model.loading import load"
    command = f"{imports}; load(Path({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", command], env=INHERITED, capture_output=True, text=True, check=False
    )
    assert "needs the module 'custom_transformers': name the package that has it" in done.stderr


def test_the_writing_version_is_found_without_unpickling(artifacts: Path) -> None:
    """The version that the shipped pickle was written with."""
    lock = (Path(artifacts).parent / "requirements" / "worker.txt").read_text()
    assert f"scikit-learn=={written_with((artifacts / PIPELINE).read_bytes())} " in lock


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        (LogisticRegression(), "not fitted"),
        (LogisticRegression, "not fitted"),
        (LinearRegression, "not fitted"),
        ({"a": 1}, "a dict without predict"),
    ],
)
def test_what_is_no_model(tmp_path: Path, artifacts: Path, pipeline: object, words: str) -> None:
    """Each is refused at the start, not at the first request."""
    for name in ("columns.json", "dtypes.pickle"):
        (tmp_path / name).write_bytes((artifacts / name).read_bytes())
    joblib.dump(pipeline, tmp_path / PIPELINE)
    with pytest.raises(ArtifactError, match=words):
        load(tmp_path)


def test_dtypes_that_do_not_belong(tmp_path: Path, artifacts: Path) -> None:
    """A dtype for a column that columns.json does not name is a mix-up of files."""
    for name in ("columns.json", "pipeline.pickle"):
        (tmp_path / name).write_bytes((artifacts / name).read_bytes())
    (tmp_path / "dtypes.pickle").write_bytes(pickle.dumps({"Horses": "int64"}))
    with pytest.raises(ArtifactError, match="Horses"):
        load(tmp_path)
