"""`worker.scoring.trial`: what a model is like is found out in a process of its own; one that
cannot answer is refused, with its cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shared.errors import ArtifactError
from tests.model_folder import write_model
from worker.scoring.trial import Trial, try_out

# The process of the tests has threads, which a worker's has not when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def tried(folder: Path, limit: float = 20.0) -> Trial:
    return try_out(folder, limit, 1)


def with_step(package: Any) -> Pipeline:
    """The package's own step before a classifier."""
    return make_pipeline(package.Own(), LogisticRegression())


class OldImputer(SimpleImputer):  # type: ignore[misc]
    """Pickled as scikit-learn 1.2 to 1.6 did: without what later ones look for."""

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: kept for name, kept in state.items() if name != "_fill_dtype"}


class Flat(MultiOutputClassifier):  # type: ignore[misc]
    """Two outputs from one column of true classes."""

    def fit(self, data: Any, true_classes: Any) -> Any:
        return super().fit(data, [[one, not one] for one in true_classes])


class Confused(LogisticRegression):  # type: ignore[misc]
    """Answers NaN."""

    def predict_proba(self, data: Any) -> Any:
        return super().predict_proba(data) * float("nan")


def test_the_shipped_model(artifacts: Path) -> None:
    """Scored in groups; unpickling it makes no threads; a row that it answers is known."""
    found = tried(artifacts)
    assert not found.row_by_row and not found.makes_threads
    assert found.answered is not None and set(found.answered) == set(found.description["columns"])


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize("version", ["1.2.2", "1.6.1"])
def test_written_by_an_older_version(
    tmp_path: Path, compress: int, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cause and the version to install are named, for a compressed pickle, too."""
    name = f"older_{compress}_{version.replace('.', '_')}"
    with monkeypatch.context() as patched:
        patched.setattr("sklearn.base.__version__", version)
        write_model(
            tmp_path, name, "",
            lambda _: make_pipeline(OldImputer(), LogisticRegression()), compress,
        )  # fmt: skip
    with pytest.raises(ArtifactError) as caught:
        tried(tmp_path)
    said = str(caught.value)
    assert f"written with scikit-learn {version} and cannot answer" in said
    assert f"a line for each of scikit-learn=={version}" in said
    assert ("numpy<2.4 pandas<3" in said) == (version == "1.6.1")
    assert "'_fill_dtype'" in said
    assert "\n" not in said


@pytest.mark.parametrize("compress", [0, 3])
def test_an_older_version_that_answers(
    tmp_path: Path, compress: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is known, so that it can be warned about."""
    with monkeypatch.context() as patched:
        patched.setattr("sklearn.base.__version__", "1.3.0")
        write_model(
            tmp_path, f"kept_{compress}", "",
            lambda _: make_pipeline(StandardScaler(), LogisticRegression()), compress,
        )  # fmt: skip
    assert tried(tmp_path).written_with == "1.3.0"


OWN = "class Own(Step):\n    def transform(self, observations):\n        "
RAISING: dict[str, tuple[str, str]] = {
    "a pool of processes": (
        "from multiprocessing import Pool\n        if not getattr(self, 'fitted', False):\n"
        "            self.fitted = True\n            return observations\n"
        "        with Pool(1) as pool:\n            pool.map(abs, [1])\n"
        "        return observations",
        "AssertionError: daemonic processes .* no processes of its own",
    ),
    "a module that is not there": (
        "if hasattr(self, 'fitted'):\n            import nowhere_at_all\n"
        "        self.fitted = True\n        return observations",
        "answers no observation at all.*ModuleNotFoundError: No module named 'nowhere_at_all'",
    ),
    "a death": (
        "import os, signal\n        if hasattr(self, 'fitted'):\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        self.fitted = True\n        return observations",
        "the process that tried it was ended by SIGKILL",
    ),
    "a hang": (
        "import threading\n        if hasattr(self, 'fitted'):\n"
        "            threading.Event().wait()\n"
        "        self.fitted = True\n        return observations",
        r"has not answered a made-up observation in 2 s \(TASK_LIMIT\)",
    ),
}


@pytest.mark.parametrize("kind", RAISING)
def test_a_step_that_never_answers(tmp_path: Path, kind: str) -> None:
    """Refused in one line that says why."""
    code, words = RAISING[kind]
    write_model(tmp_path, "never_" + "_".join(kind.split()), OWN + code + "\n", with_step)
    with pytest.raises(ArtifactError, match=words) as caught:
        tried(tmp_path, 2.0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Flat(LogisticRegression()), "of 2 outputs"),
        (Confused, "the model's answer is nan"),
    ],
)
def test_a_model_that_never_answers(
    tmp_path: Path, make: Callable[[], Any], words: str, request: pytest.FixtureRequest
) -> None:
    """Several outputs, and NaN, are refused, too."""
    write_model(tmp_path, f"misshapen_{id(request)}", "", lambda _: make())
    with pytest.raises(ArtifactError, match=words):
        tried(tmp_path)


def test_a_configuration_that_the_pipeline_cannot_take(tmp_path: Path) -> None:
    """Set by a package of the model's when it is imported."""

    def make(package: Any) -> Pipeline:
        encode = OneHotEncoder(handle_unknown="ignore")
        return make_pipeline(package.Own(), encode, LogisticRegression())

    write_model(tmp_path, "configured", OWN + "return observations\n", make)
    with (tmp_path / "configured" / "__init__.py").open("a") as file:
        file.write("\n\nimport sklearn\n\nsklearn.set_config(transform_output='pandas')\n")
    with pytest.raises(ArtifactError, match=r"answers no observation at all.*sparse"):
        tried(tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('never heard of it')",
        "return observations.assign(x=[['a'][7] for _ in observations.x])",
        "return observations[observations.x > 1e9]",
    ],
)
def test_a_step_that_finds_fault_with_values(
    tmp_path: Path, code: str, request: pytest.FixtureRequest
) -> None:
    """Is served: made-up values may all be wrong for a step of the user's own."""
    whole = f"if hasattr(self, 'fitted'):\n            {code}\n        self.fitted = True\n"
    source = OWN + whole + "        return observations\n"
    write_model(tmp_path, f"choosy_{id(request)}", source, with_step)
    assert tried(tmp_path).answered is None


def test_threads_that_are_made_by_unpickling(tmp_path: Path) -> None:
    """Are noticed, so that the parent process does not unpickle."""
    source = OWN + "return observations\n"
    write_model(tmp_path, "threaded", source, with_step)
    with (tmp_path / "threaded" / "__init__.py").open("a") as file:
        file.write(
            "\n\nfrom concurrent.futures import ThreadPoolExecutor\n\n"
            "POOL = ThreadPoolExecutor(2)\nPOOL.submit(abs, 1).result()\n"
        )
    assert tried(tmp_path).makes_threads
