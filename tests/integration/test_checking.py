"""`make check`: what it says of a folder, and twelve that neither it nor a worker lets pass."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from queuecast import pack
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shared.errors import ArtifactError
from shared.settings import CHECKOUT
from tests.client.packable import KINDS
from tests.model_folder import write_model
from tests.system import wait_for
from tests.unit.test_pickle_imports import listed_in
from worker.checking.__main__ import check, main
from worker.checking.report import processes_in, report
from worker.scoring.trial import try_out

# The process of the tests has threads, which a worker's has not when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def write(folder: Path, pipeline: Any, data: pd.DataFrame) -> None:
    """The three files, by hand."""
    folder.mkdir(exist_ok=True)
    joblib.dump(pipeline, folder / "pipeline.pickle")
    (folder / "dtypes.pickle").write_bytes(pickle.dumps(data.dtypes))
    (folder / "columns.json").write_text(json.dumps(list(data.columns)))


def numbers() -> tuple[pd.DataFrame, Any]:
    data = pd.DataFrame(np.random.default_rng(2).normal(size=(60, 2)), columns=["x", "y"])
    return data, (data.sum(axis=1) > 0).astype(int)


def fitted(folder: Path, model: Any) -> None:
    data, y = numbers()
    write(folder, model.fit(data, y), data)


def shipped(change: Callable[[Path], object]) -> Callable[[Path], None]:
    """The shipped model with something changed."""

    def make(folder: Path) -> None:
        folder.mkdir()
        for name in ("pipeline.pickle", "dtypes.pickle", "columns.json"):
            shutil.copy(CHECKOUT / "artifacts" / name, folder)
        change(folder)

    return make


def own(name: str, source: str, keep: bool = True) -> Callable[[Path], None]:
    """A model with a step of a package of its own, which is there or not."""

    def make(folder: Path) -> None:
        write_model(folder, name, source, lambda p: make_pipeline(p.Own(), LogisticRegression()))
        if not keep:
            shutil.rmtree(folder / name)

    return make


def of_a_notebook(folder: Path) -> None:
    """Its step was defined in the program that trained it."""
    data, y = numbers()
    write(folder, LogisticRegression().fit(data, y), data)
    script = (
        "import joblib, sys\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "class Mine(LogisticRegression): pass\n"
        "model = joblib.load(sys.argv[1])\n"
        "model.__class__ = Mine\n"
        "joblib.dump(model, sys.argv[1])\n"
    )
    path = str(folder / "pipeline.pickle")
    subprocess.run([sys.executable, "-c", script, path], check=True)


def several_outputs(folder: Path) -> None:
    data, y = numbers()
    two = np.column_stack([y, 1 - y])
    write(folder, MultiOutputClassifier(LogisticRegression()).fit(data, two), data)


def other_answers(folder: Path) -> None:
    pipeline, data, y = KINDS["0 and 1"]()
    path = pack(folder, pipeline, data, y)
    manifest = json.loads(path.read_text())
    manifest["golden_rows"][2]["answer"]["proba"] /= 2
    path.write_text(json.dumps(manifest))


_STEP = "class Own(Step):\n    def transform(self, data):\n        return data\n"
_DIES = "import os\nclass Own(Step):\n    def transform(self, data):\n        os._exit(7)\n" + (
    "    def fit_transform(self, data, y=None):\n        self.fit(data)\n        return data\n"
)
_HANGS = _DIES.replace("os._exit(7)", "[None for _ in iter(int, 1)]")
_REFUSES = _DIES.replace("os._exit(7)", "raise SystemError('never')")

BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "a file is missing": (shipped(lambda f: (f / "columns.json").unlink()), "lacks columns.json"),
    "columns are no JSON": (
        shipped(lambda f: (f / "columns.json").write_text("Pclass, Sex")), "is not JSON"
    ),
    "a column twice": (
        shipped(lambda f: (f / "columns.json").write_text('["a", "a"]')), "different column names"
    ),
    "dtypes of others": (
        shipped(lambda f: (f / "columns.json").write_text('["Age"]')), "which columns.json does not"
    ),
    "no pickle": (
        shipped(lambda f: (f / "pipeline.pickle").write_bytes(b"no pickle")), "cannot be unpickled"
    ),
    "a module that is not there": (
        own("left_at_home", _STEP,
            keep=False),
        "needs the module 'left_at_home': name the package",
    ),
    "a class of a notebook": (of_a_notebook, "was defined in a notebook or a script"),
    "not fitted": (lambda f: write(f, LogisticRegression(), numbers()[0]), "is not fitted"),
    "no model": (lambda f: fitted(f, StandardScaler()), "without predict"),
    "several outputs": (several_outputs, "a classifier of 2 outputs"),
    "never answers": (own("never_answers", _REFUSES), "answers no observation at all"),
    "hangs": (own("hangs_for_ever", _HANGS), "in 3 s ("),
    "kills its process": (own("kills_itself", _DIES), "with code 7"),
    "answers differently": (other_answers, "answers the golden row"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_broken_folders(what: str, tmp_path: Path) -> None:
    """Each is refused by the check and by a worker, with the same reason, in one line."""
    make, said = BROKEN[what]
    folder = tmp_path / "model"
    make(folder)
    found = check(folder, 3.0, 8192)
    assert said in found["refused"]
    assert "\n" not in found["refused"]
    assert report(found).splitlines()[-1].startswith("refused    ")
    with pytest.raises(ArtifactError) as caught:
        try_out(folder, 3.0, 1)
    assert said in str(caught.value)


def test_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0, 1 when it would be refused, for programs as for people, whichever way it is asked."""
    empty = str(tmp_path)
    for arguments in ([empty], [empty, "--json"]):
        assert main(arguments) == 1
    assert "lacks pipeline.pickle" in capsys.readouterr().out


def test_the_shipped_model() -> None:
    """All that is known of it, by the command itself, for people and for programs."""
    command = [sys.executable, "-m", "worker.checking"]
    text = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    titles = [line.split(" ")[0] for line in text.splitlines()[1:]]
    assert titles == [
        "imports", "model", "columns", "answers", "speed", "memory", "processes", "serves"
    ]  # fmt: skip
    assert "scored in groups" in text
    done = subprocess.run(
        [*command, "artifacts", "--json"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert "sklearn.linear_model._logistic.LogisticRegression" in found["imports"]
    assert found["milliseconds_of_group"] > found["milliseconds_alone"] > 0
    assert found["child"] and found["parent"]
    assert found["classes"] == [0, 1]


def test_a_packed_model(tmp_path: Path) -> None:
    """Its golden rows are scored, and what it imports is named though it is compressed."""
    pipeline, data, y = KINDS["three classes"]()
    pack(tmp_path, pipeline, data, y)
    found = check(tmp_path, 20.0, 8192)
    assert found["golden_rows"] >= 20
    assert "golden rows and made-up ones" in report(found)
    assert "gap        " not in report(found)
    found["gaps"] = ["no golden row shows a missing value of 'x'"]
    assert "\ngap        no golden row shows a missing value of 'x'\n" in report(found)
    plain = listed_in(tmp_path / "pipeline.pickle")
    assert set(plain) < set(found["imports"]) and found["imports_cut"] is None
    for compress in ("zlib", "gzip", "bz2", "lzma", "xz"):
        joblib.dump(pipeline, tmp_path / "compressed", compress=(compress, 3))
        assert listed_in(tmp_path / "compressed") == plain, compress


def test_company_is_said(tmp_path: Path) -> None:
    """A model whose answers depend on what else is asked serves, row by row."""
    own(
        "by_the_largest",
        _STEP.replace("return data", "return data / data.abs().max()"),
    )(tmp_path / "model")
    found = check(tmp_path / "model", 20.0, 8192)
    assert found["row_by_row"] is True
    assert "row by row, as answers depend on company" in report(found)
    assert any("so it is scored row by row" in note for note in found["notes"])


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A check that takes too long is killed, and the process that it has forked ends as well."""
    marker = tmp_path / "pid"
    hangs = (
        "        import os, pathlib, time\n"
        f"        pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\n"
        "        time.sleep(120)\n"
    )
    own("sleeps_long", _HANGS.replace("        [None for _ in iter(int, 1)]\n", hangs))(
        tmp_path / "model"
    )
    command = [
        sys.executable, "-m", "worker.checking.examination", str(tmp_path / "model"), "60", "8192"
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL) as checking:
        try:
            wait_for(lambda: marker.exists() and marker.read_text() != "")
        finally:
            checking.kill()
    child = Path("/proc") / marker.read_text()
    wait_for(lambda: not child.exists())


_THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"


@pytest.mark.parametrize(("name", "first"), [("hangs_alone", ""), ("hangs_in_threads", _THREAD)])
def test_which_bound_it_was(name: str, first: str, tmp_path: Path) -> None:
    """Who checks is told of the flag, and who serves of the setting; also where the model makes
    threads, so that no process is forked to check it."""
    own(name, first + _HANGS)(tmp_path / "model")
    assert "in 2 s (--seconds)" in check(tmp_path / "model", 2.0, 8192)["refused"]
    with pytest.raises(ArtifactError, match=r"in 2 s \(TASK_LIMIT\)"):
        try_out(tmp_path / "model", 2.0, 1)


def test_too_much_memory(tmp_path: Path) -> None:
    """The bound is one of the process that is tried; the line names it."""
    greedy = "    def __setstate__(self, state):\n        self.held = bytearray(2 << 40)\n"
    own("much_memory", _STEP + greedy)(tmp_path / "model")
    assert "MemoryError" in check(tmp_path / "model", 20.0, 8192)["refused"]


@pytest.mark.parametrize(
    ("parent", "fits"), [(100_000_000, 19), (None, 24), (600_000_000, 0), (482_000_000, 0)]
)
def test_how_many_fit(parent: int | None, fits: int) -> None:
    """Beside the parent process, if they share something with it."""
    assert processes_in(512, {"parent": parent, "child": 20_000_000}) == fits
