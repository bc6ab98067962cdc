"""`make replay`: a candidate scores what is stored, in both databases, and nothing is written."""

from __future__ import annotations

import json
import logging
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline

from shared.settings import CHECKOUT
from tests.integration.stored_titanic import Passenger, contents, opened, refuse, store
from tests.model_folder import write_model
from tests.system import INHERITED
from worker.checking.__main__ import check
from worker.model.loading import Model, load
from worker.replay.__main__ import main
from worker.scoring.scoring import score

# The process of the tests has threads, which that of a replay has not when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@dataclass(frozen=True)
class Done:
    """How the command ended, and what it said."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def replay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Done]]:
    """Runs the command in this process, which has loaded its libraries already."""
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level

    def run(url: str, *arguments: str | Path, **settings: str) -> Done:
        for name, value in {"DATABASE_URL": url, "TASK_LIMIT": "5", **settings}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(list(map(str, arguments)))
        return Done(code, *capsys.readouterr())

    yield run
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def told(replay: Callable[..., Done]) -> Callable[..., dict[str, Any]]:
    """What it finds, as JSON."""

    def tell(url: str, *arguments: str | Path, **settings: str) -> dict[str, Any]:
        done = replay(url, *arguments, "--json", **settings)
        assert done.code == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return tell


Replay = Callable[..., Done]
Told = Callable[..., dict[str, Any]]


def probas(folder: Path, passengers: list[Passenger]) -> list[float]:
    """What the model of a folder says of passengers, one by one."""
    bodies = [json.dumps({"id": n, "observation": o}) for n, o, _ in passengers]
    found = [_proba(folder, body) for body in bodies]
    return [proba for proba in found if proba is not None]


@cache
def _loaded(folder: Path) -> Model:
    return load(folder)


@cache
def _proba(folder: Path, body: str) -> float | None:
    return score([body], _loaded(folder))[0].proba


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model, fitted on fewer passengers."""
    folder = tmp_path_factory.mktemp("candidate")
    train = runpy.run_path(str(CHECKOUT / "artifacts" / "train.py"))
    observations, true_classes = train["training_frame"]()
    fewer = slice(0, 200)
    pipeline = train["fit"](observations[fewer], true_classes[fewer])
    train["write"](pipeline, observations[fewer], folder)
    return folder


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stored(
    request: pytest.FixtureRequest, new_database_url: Callable[[str], str], artifacts: Path,
    stream_passengers: list[Passenger],
) -> str:  # fmt: skip
    """A database with the shipped model's answers."""
    url = new_database_url(request.param)
    half = len(stream_passengers) // 2
    for version, part in (("first", slice(None, half)), ("second", slice(half, None))):
        some = stream_passengers[part]
        store(url, some, probas(artifacts, some), version)
    return url


def test_the_same_model_changes_nothing(told: Told, stored: str, artifacts: Path) -> None:
    """Not one answer of those that it gave, and nothing is refused."""
    found = told(stored, artifacts)
    assert found["rows"]["rows"] == found["changes"]["answered"] == 418
    assert found["changes"]["answers"] == found["changes"]["decisions"] == 0
    assert found["changes"]["difference"]["largest_absolute"] < 1e-12
    assert found["refusals"]["rows"] == 0
    assert found["quality"]["auc"]["drop"] == 0 and found["quality"]["auc"]["p_value"] == 1


def test_a_candidate(
    told: Told, stored: str, candidate: Path, artifacts: Path, stream_passengers: list[Passenger]
) -> None:
    """Each figure is that of the pipelines' own answers; and the database is as it was."""
    before = contents(stored)
    found = told(stored, candidate, "--segment", "Sex", "--segment", "Age", "--threshold", "0.4")
    assert contents(stored) == before
    old, new = probas(artifacts, stream_passengers), probas(candidate, stream_passengers)
    differences = [b - a for a, b in zip(old, new, strict=True)]
    changes = found["changes"]
    assert changes["answers"] == sum(abs(d) > 1e-12 for d in differences) > 400
    assert changes["decisions"] == sum(
        (a >= 0.4) != (b >= 0.4) for a, b in zip(old, new, strict=True)
    )
    assert changes["difference"]["mean"] == pytest.approx(sum(differences) / 418, abs=1e-12)
    largest = max(range(418), key=lambda n: abs(differences[n]))
    assert changes["largest"][0]["id"] == stream_passengers[largest][0]
    assert changes["largest"][0]["difference"] == pytest.approx(differences[largest], abs=1e-12)
    judged = [n for n, (number, _, _) in enumerate(stream_passengers) if number % 4]
    truth = [stream_passengers[n][2] for n in judged]
    quality = found["quality"]
    assert quality["rows"] == len(judged) == found["rows"]["labelled"]
    for who, answers in (("stored", old), ("candidate", new)):
        own = [answers[n] for n in judged]
        assert quality["auc"][who]["area"] == pytest.approx(roc_auc_score(truth, own), abs=1e-12)
        assert quality["brier"][who] == pytest.approx(brier_score_loss(truth, own), abs=1e-12)
    women = [n for n, (_, o, _) in enumerate(stream_passengers) if o["Sex"] == "female"]
    by_sex = {each["segment"]: each for each in found["segments"]["Sex"]}
    assert by_sex["female"]["rows"] == len(women)
    assert by_sex["female"]["mean_difference"] == pytest.approx(
        sum(differences[n] for n in women) / len(women), abs=1e-12
    )
    ages = found["segments"]["Age"]
    assert len(ages) == 5 and ages[-1]["segment"] == "missing"
    assert sum(each["rows"] for each in ages) == 418
    assert [(v["version"], v["rows"]) for v in found["versions"]] == [
        ("first", 209),
        ("second", 209),
    ]


def test_tables_and_a_page(
    told: Told, replay: Replay, stored: str, candidate: Path, tmp_path: Path
) -> None:
    """For people: the same figures, no bar where there is no terminal, and a file that opens."""
    found = told(stored, candidate)
    file = tmp_path / "replay.html"
    done = replay(stored, candidate, "--html", file, "--segment", "Embarked")
    assert done.code == 0, done.stderr
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    document = file.read_text()
    for text in (done.stdout, document):
        assert "By Embarked" in text and "Largest differences" in text
        for who in ("stored", "candidate"):
            assert f"{found['quality']['auc'][who]['area']:.4f}" in text
    assert document.count("<svg") == 4 and document.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (["auc_drop > 0.5"], 0),
        (["auc_drop > -1"], 3),
        (["rows < 418", "decisions > 0"], 3),
        (["rows < 418", "refusals > 0"], 0),
    ],
)
def test_fail_if(
    replay: Replay, stored: str, candidate: Path, conditions: list[str], code: int
) -> None:
    """Exit code 3 when one of them holds, after all has been told."""
    asked = [word for condition in conditions for word in ("--fail-if", condition)]
    done = replay(stored, candidate, *asked)
    assert done.code == code, done.stderr
    for condition in conditions:
        assert condition in done.stdout


def test_what_cannot_be_judged_is_no_pass(replay: Replay, stored: str, candidate: Path) -> None:
    """Without labels there is no AUC, and CI must not be told that it did not drop."""
    done = replay(stored, candidate, "--limit", "12", "--fail-if", "auc_drop > 0.01")
    assert done.code == 1
    assert "'auc_drop > 0.01' cannot be judged: too few labels" in done.stderr
    assert "too few labels" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (["--limit", "100"], 100),
        (["--model-version", "first"], 209),
        (["--labelled"], 313),
        (["--since", "2020-01-01", "--until", "2126-01-01"], 418),
    ],
)
def test_selections(
    told: Told, stored: str, candidate: Path, arguments: list[str], rows: int
) -> None:
    assert told(stored, candidate, *arguments)["rows"]["rows"] == rows


def test_refusals(
    told: Told, new_database_url: Callable[[str], str], artifacts: Path, tmp_path: Path,
    stream_passengers: list[Passenger],
) -> None:  # fmt: skip
    """A candidate that takes no passenger without an age refuses those alone, each with its reason;
    what stands beside them in a batch is answered as before. It answers a job that was refused."""
    url = new_database_url("sqlite")
    some = stream_passengers[:120]
    store(url, some, probas(artifacts, some))
    refuse(url, "gone", {"Age": 22.0, "Fare": 7.0}, "no Pclass")
    refuse(url, "still refused", {"Fare": 7.0}, "no Pclass")
    source = runpy.run_path(str(artifacts / "train.py"))
    observations, true_classes = source["training_frame"]()
    known = observations["Age"].notna()
    numbers = ["Age", "Fare"]
    pipeline = make_pipeline(LogisticRegression()).fit(
        observations.loc[known, numbers], true_classes[known]
    )
    source["write"](pipeline, observations[numbers], tmp_path)
    found = told(url, tmp_path)
    without = [number for number, o, _ in some if o["Age"] is None]
    assert 10 < len(without) == found["refusals"]["rows"]
    assert found["refusals"]["reasons"][0]["id"] == without[0]
    assert "Input X contains NaN" in found["refusals"]["reasons"][0]["reason"]
    assert found["changes"]["answered"] == 120 - len(without)
    frame = pd.DataFrame([o for _, o, _ in some if o["Age"] is not None])[numbers].astype(float)
    old = [
        p
        for p, (_, o, _) in zip(probas(artifacts, some), some, strict=True)
        if o["Age"] is not None
    ]
    own = pipeline.predict_proba(frame)[:, 1]
    assert found["changes"]["difference"]["mean"] == pytest.approx((own - old).mean(), abs=1e-12)
    former = found["refusals"]["former"]
    assert (former["asked"], former["answered"]) == (2, 1)
    assert former["listed"][0]["id"] == "gone" and former["listed"][0]["reason"] == "no Pclass"
    assert 0 < former["listed"][0]["candidate"] < 1
    warned = {each["warning"]: each["rows"] for each in found["warnings"]}
    assert warned["observation has a key that the model does not use: Cabin"] == 120 - len(without)


_ENDS = """
import os, time
class Own(Step):
    def transform(self, data):
        if (data["x"] == 77).any(): os._exit(9)
        if (data["x"] == 88).any(): os.kill(os.getpid(), 9)
        if (data["x"] == 99).any(): time.sleep(60)
        return data
    def fit_transform(self, data, y=None):
        return self.fit(data).transform(data)
"""


def test_observations_that_end_the_process(
    told: Told, new_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    """Each is refused alone, with how the process ended; the others are answered."""
    url = new_database_url("sqlite")
    passengers: list[Passenger] = [(n, {"x": n / 1000, "y": 1.0}, n % 2) for n in range(300)]
    for number, x in ((40, 77), (41, 88), (200, 99)):
        passengers[number] = (number, {"x": x, "y": 1.0}, 0)
    store(url, passengers, [0.5] * 300)
    write_model(
        tmp_path / "model", "ends_its_process", _ENDS,
        lambda p: make_pipeline(p.Own(), LogisticRegression()),
    )  # fmt: skip
    found = told(url, tmp_path / "model", TASK_LIMIT="1")
    assert found["changes"]["answered"] == 297
    reasons = {each["id"]: each["reason"] for each in found["refusals"]["reasons"]}
    assert reasons == {
        40: "the process that scored it was ended with code 9",
        41: "the process that scored it was ended by SIGKILL",
        200: "the model has not answered it in 1 s (TASK_LIMIT)",
    }


def test_a_candidate_that_ends_every_process(
    replay: Replay, new_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    """It is given up after some, with one line."""
    url = new_database_url("sqlite")
    store(url, [(n, {"x": 77, "y": 1.0}, 0) for n in range(40)], [0.5] * 40)
    write_model(
        tmp_path / "model", "ends_each_process", _ENDS,
        lambda p: make_pipeline(p.Own(), LogisticRegression()),
    )  # fmt: skip
    done = replay(url, tmp_path / "model")
    assert (done.code, done.stdout) == (1, "")
    assert "more than 10 observations ended the process that scored them" in done.stderr


def test_by_company(told: Told, new_database_url: Callable[[str], str], tmp_path: Path) -> None:
    """A candidate whose answers depend on company is scored row by row, as a worker does."""
    url = new_database_url("sqlite")
    rows: list[Passenger] = [(n, {"x": n / 10, "y": 2.0}, 0) for n in range(1, 41)]
    source = (
        "class Own(Step):\n    def transform(self, data):\n        return data / data.abs().max()\n"
    )
    pipeline = write_model(
        tmp_path / "model", "by_largest_of_all", source,
        lambda p: make_pipeline(p.Own(), LogisticRegression()),
    )  # fmt: skip
    alone = [float(pipeline.predict_proba(pd.DataFrame([o]))[0, 1]) for _, o, _ in rows]
    store(url, rows, alone)
    found = told(url, tmp_path / "model")
    assert found["candidate"]["row_by_row"] is True
    assert found["changes"]["answers"] == 0


@pytest.mark.parametrize("classes", [[1, 0], [0, 1]])
def test_the_positive_class(
    told: Told, new_database_url: Callable[[str], str], tmp_path: Path, classes: list[int]
) -> None:
    """It is 1, in whichever order a classifier of one's own has the two: a candidate that is right
    has an AUC of 1, not of 0."""
    url = new_database_url("sqlite")
    rows: list[Passenger] = [(n, {"x": n / 10 - 2, "y": 0.0}, int(n > 20)) for n in range(1, 41)]
    store(url, rows, [0.5] * 40)
    source = (
        "import numpy as np\nfrom sklearn.base import ClassifierMixin\n"
        "class Own(ClassifierMixin, BaseEstimator):\n"
        f"    classes_ = np.array({classes})\n"
        "    def fit(self, data, y):\n        self.n_features_in_ = 2\n        return self\n"
        "    def predict_proba(self, data):\n"
        "        p = 1 / (1 + np.exp(-np.asarray(data)[:, 0]))\n"
        f"        return np.column_stack([p, 1 - p] if {classes} == [1, 0] else [1 - p, p])\n"
    )
    write_model(tmp_path / "model", f"own_order_{classes[0]}", source, lambda p: p.Own())
    found = told(url, tmp_path / "model")
    assert found["candidate"]["positive_class"] == 1
    assert found["quality"]["auc"]["candidate"]["area"] == 1
    assert found["quality"]["auc"]["stored"]["area"] == 0.5


def test_a_broken_folder(replay: Replay, stored: str, artifacts: Path, tmp_path: Path) -> None:
    """It is refused with the line that a worker and `make check` have for it."""
    for name in ("pipeline.pickle", "dtypes.pickle", "columns.json"):
        shutil.copy(artifacts / name, tmp_path)
    (tmp_path / "columns.json").write_text('["Age"]')
    done = replay(stored, tmp_path)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == f"queuecast: {check(tmp_path, 20.0, 8192)['refused']}\n"
    (tmp_path / "columns.json").unlink()
    done = replay(stored, tmp_path)
    assert done.code == 1 and "lacks columns.json" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model-version", "third"], "no stored observation like that, of 418"),
        (["--since", "2126-01-01"], "no stored observation like that, of 418"),
        (["--segment", "Deck"], "--segment 'Deck': no stored observation has that; the model has "
         "Pclass, Sex"),
        (["--html", "/nowhere/replay.html"], "--html is '/nowhere/replay.html', which cannot be "
         "written: No such file"),
    ],
)  # fmt: skip
def test_one_line_for_each_bad_input(
    replay: Replay, stored: str, artifacts: Path, arguments: list[str], said: str
) -> None:
    done = replay(stored, artifacts, *arguments)
    assert (done.code, done.stdout) == (1, "")
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert done.stderr.startswith("queuecast: ")


def test_no_rows_at_all(
    replay: Replay, new_database_url: Callable[[str], str], artifacts: Path
) -> None:
    url = new_database_url("sqlite")
    store(url, [], [])
    done = replay(url, artifacts)
    assert done.code == 1
    assert done.stderr.rstrip().endswith("which has no stored observation")


def test_no_database(replay: Replay, tmp_path: Path, artifacts: Path) -> None:
    """Nothing is made where there was nothing, and a refused login is one line."""
    done = replay(f"sqlite:///{tmp_path}/missing.db", artifacts)
    assert done.code == 1 and "there is no such file" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_file_is_not_written(
    told: Told,
    new_database_url: Callable[[str], str],
    artifacts: Path,
    stream_passengers: list[Passenger],
) -> None:
    """Of a SQLite database not one byte changes, though another process has it open."""
    url = new_database_url("sqlite")
    some = stream_passengers[:50]
    store(url, some, probas(artifacts, some))
    file = Path(url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    other = opened(url)
    other.read(lambda c: c.exec_driver_sql("SELECT 1").scalar())
    assert told(url, artifacts)["rows"]["rows"] == 50
    other.close()
    assert file.read_bytes() == before


def test_make_replay(
    new_database_url: Callable[[str], str], artifacts: Path, stream_passengers: list[Passenger]
) -> None:
    """By its verb, with options; without a folder it says what is missing."""
    url = new_database_url("sqlite")
    some = stream_passengers[:30]
    store(url, some, probas(artifacts, some))
    command = [sys.executable, "-m", "local.replay"]
    environment = {**INHERITED, "DATABASE_URL": url}
    done = subprocess.run(
        [*command, "artifacts", "--fail-if", "rows > 3"], cwd=CHECKOUT, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "30 rows that 1 version" in done.stdout
    done = subprocess.run(
        [*command, ""], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "make replay FOLDER=my_model" in done.stderr
