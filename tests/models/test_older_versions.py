"""Pipelines written by earlier versions of scikit-learn, each served by `make run` with the
libraries that its folder names. They are installed from the package index: `make test-models`."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from local.model_environment import python_for
from local.model_requirements import REQUIREMENTS
from local.stop_request import StopRequest
from shared.settings import CHECKOUT
from tests.end_to_end.make_run import Run, when_ready
from tests.system import FIRST_PROBA
from tests.test_readme import section
from worker.model.cure import requirements

# Fits the shipped pipeline anew, with whatever libraries the interpreter has, into a folder.
_FIT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import train
observations, true_classes = train.training_frame()
train.write(train.fit(observations, true_classes), observations, Path(sys.argv[2]))
"""


@pytest.mark.parametrize("version", ["1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2"])
def test_served_by_what_wrote_it(version: str, tmp_path: Path) -> None:
    """What the worker advises is enough: installed once, and the answers are those of the pipeline;
    a second start installs nothing."""
    model, data = tmp_path / "model", tmp_path / "data"
    model.mkdir()
    data.mkdir()
    lines = requirements(version, needs_encoders=True)
    (model / REQUIREMENTS).write_text("\n".join(lines) + "\n")
    python = python_for(model, data, StopRequest())
    subprocess.run([python, "-c", _FIT, str(CHECKOUT / "artifacts"), str(model)], check=True)
    wrote = subprocess.run(
        [python, "-c", "import sklearn; print(sklearn.__version__)"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    assert wrote == version
    for number in range(2):
        with when_ready(Run(data, tmp_path / f"{number}.log", {"MODEL_DIR": str(model)})) as run:
            answer = run.client.predict("first")
            assert answer.status == 200, answer
            assert answer.json["proba"] == pytest.approx(FIRST_PROBA, abs=1e-9)
            assert "installing" not in run.printed
            assert "was written with" not in run.printed
            os.kill(run.part.process.pid, signal.SIGINT)
            assert run.part.process.wait(25) == 0


def test_a_package_of_the_models_own(tmp_path: Path) -> None:
    """A step of a package that Queuecast does not know, in the folder's requirements."""
    model, data = tmp_path / "model", tmp_path / "data"
    model.mkdir()
    data.mkdir()
    (model / REQUIREMENTS).write_text("lightgbm==4.6.0\n")
    python = python_for(model, data, StopRequest())
    subprocess.run([python, "-c", _LIGHTGBM, str(model)], check=True)
    assert importlib.util.find_spec("lightgbm") is None, "it is to be missing here"
    with when_ready(Run(data, tmp_path / "log", {"MODEL_DIR": str(model)})) as run:
        answer = run.client.predict("first", {"x": 3.0, "y": 3.0})
        assert answer.status == 200, answer
        said = json.loads((model / "says.json").read_text())
        assert answer.json["proba"] == pytest.approx(said, abs=1e-12)


def test_the_readmes_lightgbm(tmp_path: Path) -> None:
    """Its script and its requirements, as printed."""
    text = section("Your own model")
    script, lightgbm = re.findall(r"```python\n(.*?)\n```", text, re.DOTALL)
    line = re.findall(r'^echo "(.*)" > my_model/requirements.txt$', text, re.MULTILINE)[0]
    model, data = tmp_path / "my_model", tmp_path / "data"
    model.mkdir()
    data.mkdir()
    (model / REQUIREMENTS).write_text(f"{line}\n")
    (tmp_path / "artifacts").symlink_to(CHECKOUT / "artifacts")
    python = python_for(model, data, StopRequest())
    subprocess.run(
        [python, "-c", f"{script}\n{lightgbm}"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CHECKOUT / "client")}, check=True,
    )  # fmt: skip
    golden = json.loads((model / "manifest.json").read_text())["golden_rows"][0]
    with when_ready(Run(data, tmp_path / "log", {"MODEL_DIR": str(model)})) as run:
        answer = run.client.predict("first", golden["observation"])
        assert answer.status == 200, answer
        assert answer.json["proba"] == pytest.approx(golden["answer"]["proba"], abs=1e-12)


_LIGHTGBM = """
import json, pickle, sys
from pathlib import Path
import joblib, numpy, pandas
from lightgbm import LGBMClassifier
folder = Path(sys.argv[1])
numbers = numpy.random.default_rng(8).normal(size=(300, 2))
data = pandas.DataFrame(numbers, columns=["x", "y"])
model = LGBMClassifier(n_estimators=10, verbose=-1).fit(data, numbers.sum(axis=1) > 0)
joblib.dump(model, folder / "pipeline.pickle")
(folder / "dtypes.pickle").write_bytes(pickle.dumps(data.dtypes))
(folder / "columns.json").write_text(json.dumps(["x", "y"]))
first = pandas.DataFrame({"x": [3.0], "y": [3.0]})
(folder / "says.json").write_text(json.dumps(float(model.predict_proba(first)[0, 1])))
"""
