"""A pack happens as a whole: whatever goes wrong, the folder is as it was, or says that it is
stale."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from queuecast import PackError, PackWarning, pack
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.client.packable import KINDS, frame
from worker.model.manifest import Manifest


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a packed model, which no test changes."""
    made = tmp_path_factory.mktemp("packed") / "model"
    pack(made, *KINDS["0 and 1"]())
    return made


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    """A folder of a test's own with a packed model."""
    return shutil.copytree(packed, tmp_path / "model")


FIGURES: dict[str, tuple[Any, str]] = {
    "NaN": ({"auc": float("nan")}, "the metric 'auc' is nan"),
    "NumPy's infinity": ({"loss": np.float32("inf")}, "the metric 'loss' is"),
    "within a group": ({"test": {"auc": [0.5, np.nan]}}, "the metric 'test.auc[1]' is nan"),
    "an array": ({"roc": np.array([0.5, np.inf])}, "the metric 'roc[1]' is inf"),
    "an object": ({"model": object()}, "the metric 'model' is <object"),
    "no mapping": ([0.5], "metrics is a list"),
}


@pytest.mark.parametrize("what", FIGURES)
def test_metrics_that_are_none(what: str, folder: Path) -> None:
    """The metric is named, and the model of before is whole."""
    metrics, said = FIGURES[what]
    before = contents(folder)
    with pytest.raises(PackError) as caught:
        pack(folder, *KINDS["texts"](), metrics=metrics)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert contents(folder) == before


def test_numbers_of_numpy(tmp_path: Path) -> None:
    """They are numbers, also in groups."""
    metrics = {"auc": np.float32(0.5), "n": np.int64(3), "by": {"sex": (np.float64(0.25), None)}}
    manifest = json.loads(pack(tmp_path, *KINDS["0 and 1"](), metrics=metrics).read_text())
    assert manifest["metrics"] == {"auc": 0.5, "n": 3, "by": {"sex": [0.25, None]}}


def test_infinite_numbers(tmp_path: Path) -> None:
    """No observation can have one: the range leaves it out, no golden row has it, which is said."""
    data = frame()[["size"]]
    y = data["size"].fillna(0) > 0
    pipeline = HistGradientBoostingClassifier(max_iter=5).fit(data, y)
    data.loc[7, "size"], data.loc[8, "size"] = np.inf, -np.inf
    with pytest.warns(PackWarning, match="^2 infinite values of 'size' count nowhere"):
        manifest = json.loads(pack(tmp_path, pipeline, data, y).read_text())
    finite = data["size"][np.isfinite(data["size"])]
    assert manifest["columns"][0]["range"] == [finite.min(), finite.max()]
    assert sum(manifest["columns"][0]["histogram"]["counts"]) == len(finite)
    assert {finite.min(), finite.max()} <= {
        row["observation"]["size"] for row in manifest["golden_rows"]
    }


def _odd_values() -> tuple[Any, ...]:
    pipeline, data, y = KINDS["0 and 1"]()
    return pipeline, data.assign(extra=pd.Series([[1, 2]] * len(data), dtype=object)), y


def _odd_text() -> tuple[Any, ...]:
    pipeline, data, y = KINDS["0 and 1"]()
    return pipeline, data.assign(colour="\ud800"), y


def _odd_target() -> tuple[Any, ...]:
    pipeline, data, y = KINDS["0 and 1"]()
    return pipeline, data, pd.Series([None, "x", 3] * (len(y) // 3), dtype=object)


MISSHAPEN: dict[str, tuple[Callable[[], tuple[Any, ...]], str]] = {
    "lists in a column": (_odd_values, "the column 'extra' cannot be described"),
    "half a character": (_odd_text, "look for such a value"),
    "a target of several types": (_odd_target, "y cannot be counted"),
}


@pytest.mark.parametrize("what", MISSHAPEN)
def test_values_that_cannot_be(what: str, folder: Path) -> None:
    """One error of the package's own, in one line, and nothing is changed."""
    make, said = MISSHAPEN[what]
    before = contents(folder)
    with pytest.raises(PackError) as caught:
        pack(folder, *make())
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert contents(folder) == before


def test_a_name_that_is_none(folder: Path) -> None:
    with pytest.raises(PackError, match="the name is 3, and must be a text"):
        pack(folder, *KINDS["0 and 1"](), name=3)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PackError, match=r"cannot be written to .*name another folder"):
        pack(tmp_path / "file" / "model", *KINDS["0 and 1"]())


def test_a_module_that_did_not_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that another one of one's own imports is not in the pickle. Of the folders that were
    made nothing is left; when it lies in the folder, as is said, the model is packed."""
    (tmp_path / "inner_step.py").write_text("FACTOR = 2\n")
    (tmp_path / "outer_step.py").write_text(
        "from inner_step import FACTOR\n\ndef scaled(data):\n    return data * FACTOR\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import outer_step  # type: ignore[import-not-found]

    data = frame()[["size"]].fillna(0.0)
    pipeline = make_pipeline(FunctionTransformer(outer_step.scaled), LogisticRegression())
    pipeline.fit(data, data["size"] > 0)
    folder = tmp_path / "new" / "model"
    with pytest.raises(PackError, match=r"No module named 'inner_step'; put that module into the"):
        pack(folder, pipeline, data)
    assert not (tmp_path / "new").exists()
    folder.mkdir(parents=True)
    shutil.copy(tmp_path / "inner_step.py", folder)
    pack(folder, pipeline, data)
    assert {"inner_step.py", "outer_step.py", "manifest.json"} <= contents(folder).keys()


def _pack_cut(folder: Path, renamed: int) -> int | None:
    """Pack in a process that is killed when so many files have taken their places; its exit code.

    Forked, so that both times the same texts are one object, on which the bytes of a pickle depend.
    """

    def run() -> None:
        left = itertools.count(renamed, -1)
        replace = Path.replace

        def cut(path: Path, target: Path) -> Path:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(path, target)

        Path.replace = cut  # type: ignore[assignment, method-assign]
        pack(str(folder), *KINDS["texts"](), name="the new one")

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("renamed", range(3))
def test_killed_while_files_take_their_places(renamed: int, folder: Path) -> None:
    """At each of them the manifest is that of the files, or is called stale: never one that
    belongs to others."""
    old = contents(folder)
    code = _pack_cut(folder, renamed)
    new = {name: data for name, data in contents(folder).items() if "/" not in name}
    changed = {name for name in old if old[name] != new[name]}
    found = Manifest.read(folder)
    # The columns and dtypes of both are the same, so that two files are replaced.
    if renamed == 0:
        assert code == -signal.SIGKILL and not changed
        assert found is not None and found.name == "model"
    elif renamed == 1:
        assert code == -signal.SIGKILL and changed == {"manifest.json"}
        assert found is None
    else:
        assert code == 0 and changed == {"manifest.json", "pipeline.pickle"}
        assert found is not None and found.name == "the new one"


def test_a_full_disk(folder: Path) -> None:
    """As a limit on the size of files, which does what a full disk does."""
    before = contents(folder)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, old[1]))
        with pytest.raises(PackError, match="cannot be written to"):
            pack(folder, *KINDS["texts"]())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert contents(folder) == before


def test_what_a_killed_one_left_is_removed(folder: Path) -> None:
    """By the next."""
    (folder / ".packing-left").mkdir()
    (folder / ".packing-left" / "pipeline.pickle").write_text("half")
    pack(folder, *KINDS["0 and 1"]())
    assert not list(folder.glob(".packing-*"))
