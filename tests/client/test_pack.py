"""`queuecast.pack`: one call writes everything, and refuses what could not be served."""

from __future__ import annotations

import ast
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import jsonschema
import numpy as np
import pandas as pd
import pytest
from queuecast import PackError, pack
from queuecast.packing.existing import pack_existing
from queuecast.packing.manifest import Said
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from shared.settings import CHECKOUT
from tests.client.packable import KINDS, ROWS, frame
from worker.model.loading import load
from worker.scoring.agreement import agree
from worker.scoring.scoring import score

PACKAGE = CHECKOUT / "client" / "queuecast"
SCHEMA = json.loads((PACKAGE / "manifest.schema.json").read_text())


def packed(folder: Path, *given: Any, **named: Any) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(pack(folder, *given, **named).read_text())
    return manifest


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of kinds that a test has packed already."""
    made: dict[str, Path] = _Folders(tmp_path_factory)
    return made


class _Folders(dict[str, Path]):
    """Packs a kind when it is asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        super().__init__()
        self._factory = factory

    def __missing__(self, kind: str) -> Path:
        folder = self._factory.mktemp("packed")
        pack(folder, *KINDS[kind](), name=kind, metrics={"auc": np.float64(0.9)})
        self[kind] = folder
        return folder


def manifest_in(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind: str, folders: dict[str, Path]) -> None:
    """The manifest is as its schema says, the files are what was given, and each golden row has the
    answer that the pipeline gives to it in the training frame."""
    pipeline, data, _ = KINDS[kind]()
    folder = folders[kind]
    manifest = manifest_in(folder)
    jsonschema.validate(manifest, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert (manifest["name"], manifest["rows"], manifest["metrics"]) == (kind, ROWS, {"auc": 0.9})
    read = joblib.load(folder / "pipeline.pickle")
    assert np.array_equal(read.predict(data), pipeline.predict(data))
    assert pickle.loads((folder / "dtypes.pickle").read_bytes()).equals(data.dtypes)
    assert json.loads((folder / "columns.json").read_text()) == list(data.columns)
    rows = manifest["golden_rows"]
    assert 20 <= len(rows) <= 50
    found = 0
    for row in rows:
        place = _place(row["observation"], data)
        if place is not None:
            found += 1
            _check_answer(row["answer"], pipeline, data.iloc[[place]], manifest)
    assert found >= 20


def _place(observation: dict[str, Any], data: pd.DataFrame) -> int | None:
    """Which row of the frame an observation is; None when it was made from one."""
    same = np.ones(len(data), dtype=bool)
    for name, value in observation.items():
        column = data[name]
        if value is None:
            same &= column.isna().to_numpy()
        elif name == "day":
            same &= (column == pd.Timestamp(value)).to_numpy()
        else:
            same &= (column == value).fillna(False).to_numpy(dtype=bool)
    return int(same.argmax()) if same.any() else None


def _check_answer(
    answer: dict[str, Any], pipeline: Any, row: pd.DataFrame, manifest: dict[str, Any]
) -> None:
    predicted = pipeline.predict(row)[0]
    if manifest["kind"] == "regressor":
        assert answer == {"prediction": pytest.approx(predicted.tolist(), abs=1e-12)}
        return
    if manifest["kind"] == "classifier without probabilities":
        assert answer["prediction"] == predicted
        scores = np.atleast_1d(pipeline.decision_function(row)[0]).tolist()
        given = answer["score"]
        assert (list(given.values()) if isinstance(given, dict) else [given]) == scores
        return
    probabilities = pipeline.predict_proba(row)[0].tolist()
    if manifest["classes"] in ([0, 1], [False, True]):
        assert answer == {"proba": probabilities[1]}
        return
    assert list(answer["probas"].values()) == probabilities
    assert answer["prediction"] == predicted
    assert answer["proba"] == (probabilities[1] if len(probabilities) == 2 else max(probabilities))


def test_what_is_known_of_columns(folders: dict[str, Path]) -> None:
    """Ranges, categories in their order, missing values, and histograms of all rows."""
    _, data, _ = KINDS["texts"]()
    manifest = manifest_in(folders["texts"])
    columns = {column["name"]: column for column in manifest["columns"]}
    assert list(columns) == list(data.columns)
    size = columns["size"]
    assert size["range"] == [data["size"].min(), data["size"].max()]
    assert (size["nullable"], size["missing"]) == (True, 1 / ROWS)
    assert sum(size["histogram"]["counts"]) == ROWS - 1
    assert columns["grade"]["categories"] == ["low", "middle", "high"]
    assert columns["grade"]["ordered"] is True
    assert {value for value, _ in columns["colour"]["histogram"]["values"]} == {
        "red", "green", "blue"
    }  # fmt: skip
    assert columns["count"]["dtype"] == "Int64"
    assert columns["is_new"]["nullable"] is False
    assert columns["day"]["range"][0].startswith("2026-01-0")
    assert sum(n for _, n in manifest["target"]["values"]) == ROWS
    assert sum(manifest["score"]["counts"]) == ROWS
    assert manifest["libraries"]["scikit-learn"]


def test_golden_rows_have_every_sort(folders: dict[str, Path]) -> None:
    """The extremes, each category, a missing value of each column that lacks one, an unseen
    text."""
    _, data, _ = KINDS["0 and 1"]()
    golden = manifest_in(folders["0 and 1"])["golden_rows"]
    rows = [row["observation"] for row in golden]
    sizes = [row["size"] for row in rows]
    assert {data["size"].min(), data["size"].max()} <= set(sizes)
    for name in ("size", "colour", "count"):
        assert any(row[name] is None for row in rows), name
    assert {"red", "green", "blue"} <= {row["colour"] for row in rows}
    assert any(row["colour"] == "a value that was never seen" for row in rows)


def test_the_positive_class(tmp_path: Path, folders: dict[str, Path]) -> None:
    """The second of two, or the one that is named."""
    pipeline, data, y = KINDS["texts"]()
    assert manifest_in(folders["texts"])["positive_class"] == "yes"
    manifest = packed(tmp_path, pipeline, data, y, positive_class="no")
    assert manifest["positive_class"] == "no"
    for row in manifest["golden_rows"]:
        assert row["answer"]["proba"] == row["answer"]["probas"]["no"]


@pytest.mark.parametrize(("kind", "asked"), [("0 and 1", 0), ("booleans", False)])
def test_the_other_class_of_0_and_1(
    tmp_path: Path, folders: dict[str, Path], kind: str, asked: object
) -> None:
    """A service answers with the probability of 1 all the same, so that is what is packed, and
    said."""
    pipeline, data, y = KINDS[kind]()
    with pytest.warns(UserWarning, match="changes nothing: a service answers with"):
        manifest = packed(tmp_path, pipeline, data, y, positive_class=asked)
    assert manifest["positive_class"] == manifest["classes"][1]
    assert manifest["golden_rows"] == manifest_in(folders[kind])["golden_rows"]
    assert all(set(row["answer"]) == {"proba"} for row in manifest["golden_rows"])


def test_modules_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transformer in a file beside the notebook is put beside the pickles."""
    (tmp_path / "my_steps.py").write_text("def halved(data):\n    return data / 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import my_steps  # type: ignore[import-not-found]

    data = pd.DataFrame({"x": np.linspace(-1, 1, 60)})
    y = (data["x"] > 0).astype(int)
    pipeline = make_pipeline(FunctionTransformer(my_steps.halved), LogisticRegression()).fit(
        data, y
    )
    folder = tmp_path / "model"
    manifest = packed(folder, pipeline, data, y)
    assert manifest["own_modules"] == ["my_steps"]
    assert (folder / "my_steps.py").read_text().startswith("def halved")


def _fitted(step: Any) -> Any:
    data = frame()[["size"]].fillna(0.0)
    return make_pipeline(FunctionTransformer(step), LogisticRegression()).fit(
        data, data["size"] > 0
    )


def _main_function() -> Any:
    def step(data: Any) -> Any:
        return data

    step.__module__, step.__qualname__ = "__main__", "step"
    sys.modules["__main__"].step = step  # type: ignore[attr-defined]
    return step


def texts() -> tuple[Any, Any, Any]:
    """A pipeline on one column of texts, a Series."""
    data = pd.Series(["good film", "bad film", "good book", "a bad one"] * 8, name="review")
    y = np.array([1, 0, 1, 0] * 8)
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(data, y)
    return pipeline, data, y


def test_a_series_of_texts(tmp_path: Path) -> None:
    """Is packed as it was fitted, and a worker answers its golden rows as they were answered."""
    pipeline, data, y = texts()
    folder = tmp_path / "model"
    manifest = packed(folder, pipeline, data, y)
    assert [c["name"] for c in manifest["columns"]] == ["review"]
    assert manifest["score"]["counts"]
    assert manifest["golden_rows"][0]["observation"]["review"] in set(data)
    assert answered(folder, manifest)
    again = pack_existing(folder, Said())
    assert json.loads(again.read_text())["columns"][0]["name"] == "review"


def test_columns_named_by_whole_numbers(tmp_path: Path) -> None:
    """An observation names them by their texts; so does a file of data."""
    data = pd.DataFrame(np.random.default_rng(2).normal(size=(60, 2)))
    y = (data[0] > 0).astype(int)
    pipeline = LogisticRegression().fit(data, y)
    folder = tmp_path / "model"
    manifest = packed(folder, pipeline, data, y)
    assert json.loads((folder / "columns.json").read_text()) == [0, 1]
    assert list(manifest["golden_rows"][0]["observation"]) == ["0", "1"]
    assert answered(folder, manifest)
    data.assign(target=y).to_csv(tmp_path / "data.csv", index=False)
    pack_existing(folder, Said(), data=tmp_path / "data.csv", target="target")
    assert answered(folder, json.loads((folder / "manifest.json").read_text()))


def answered(folder: Path, manifest: dict[str, Any]) -> bool:
    """Whether a worker answers each golden row as the manifest says."""
    bodies = [
        json.dumps({"id": 0, "observation": row["observation"]}) for row in manifest["golden_rows"]
    ]
    found = [scored.body for scored in score(bodies, load(folder))]
    wanted = [row["answer"] for row in manifest["golden_rows"]]
    return len(found) >= 20 and all(agree(f, w, 1e-12) for f, w in zip(found, wanted, strict=True))


REFUSED: dict[str, tuple[Callable[[], tuple[Any, ...]], str]] = {
    "no frame": (
        lambda: (KINDS["0 and 1"]()[0], frame().to_numpy()), "X is a ndarray, and must be"
    ),
    "no rows": (lambda: (KINDS["0 and 1"]()[0], frame().iloc[:0]), "X has 0 rows and 6 columns"),
    "columns without names": (
        lambda: (KINDS["0 and 1"]()[0], pd.DataFrame(np.eye(3), columns=[0.5, 1, 2])),
        "the column 0.5 has a float for a name",
    ),
    "columns of one text": (
        lambda: (KINDS["0 and 1"]()[0], pd.DataFrame(np.eye(2), columns=[1, "1"])),
        "X has the column '1' twice",
    ),
    "a Series without a name": (
        lambda: (KINDS["0 and 1"]()[0], pd.Series(["a", "b"])), "the Series X has the name None"
    ),
    "a frame for texts": (
        lambda: (texts()[0], texts()[1].to_frame()), "takes a Series: pack it with X['review']"
    ),
    "a column twice": (
        lambda: (KINDS["0 and 1"]()[0], frame()[["size", "size"]]),
        "X has the column 'size' twice",
    ),
    "not fitted": (
        lambda: (make_pipeline(LogisticRegression()), frame()), "the pipeline is not fitted"
    ),
    "no estimator": (lambda: ("model", frame()), "a str has no predict"),
    "another frame": (
        lambda: (KINDS["0 and 1"]()[0], frame()[["size"]]), "the pipeline answers no row of X"
    ),
    "a lambda": (
        lambda: (_fitted(lambda data: data), frame()[["size"]].fillna(0.0)), "cannot be pickled"
    ),
    "from a notebook": (
        lambda: (_fitted(_main_function()), frame()[["size"]].fillna(0.0)),
        "step was defined in this notebook or script",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str, tmp_path: Path) -> None:
    """In one line, with nothing written."""
    make, said = REFUSED[what]
    with pytest.raises(PackError, match=re.escape(said)) as caught:
        pack(tmp_path / "model", *make())
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model").exists()


def test_a_positive_class_that_is_none(tmp_path: Path) -> None:
    """Also of three, and 1 is not true."""
    for kind, asked in (("texts", "maybe"), ("three classes", 1), ("booleans", 1)):
        pipeline, data, y = KINDS[kind]()
        with pytest.raises(PackError, match="none of two classes"):
            pack(tmp_path, pipeline, data, y, positive_class=asked)


HIDDEN = (("pandas", "sklearn", "joblib", "numpy"), ("urllib3", "click"))


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_it_is_imported_without(hidden: tuple[str, ...]) -> None:
    """Only `pack` asks for the libraries of training, and only the client for those of HTTP."""
    hide = f"import sys; sys.modules.update({', '.join(f'{name}=None' for name in hidden)}); "
    command = [sys.executable, "-c", f"{hide}import queuecast; print(queuecast.pack.__name__)"]
    found = subprocess.run(
        command, cwd=PACKAGE.parent, check=True, capture_output=True, text=True
    )  # fmt: skip
    assert found.stdout.strip() == "pack"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_it_is_python_3_9(path: Path) -> None:
    """Whoever trains has what they have."""
    ast.parse(path.read_text(), feature_version=(3, 9))
