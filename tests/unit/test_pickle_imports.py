"""What a pickle would import: listed, and nothing of it run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from joblib.numpy_pickle import NumpyArrayWrapper
from sklearn.linear_model import LogisticRegression

from worker.checking.pickle_imports import pickle_imports


def listed_in(path: Path) -> list[str]:
    """The names, each once, of a pickle that is read to its end."""
    names: list[str] = []
    pickle_imports(path, names.append)
    return list(dict.fromkeys(names))


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, tuple[str, int]]:
        return os.open, (self.path, os.O_CREAT)


def test_nothing_is_run_to_list_it(tmp_path: Path) -> None:
    """A stranger's pickle can be judged before anything of it happens."""
    (tmp_path / "stranger.pickle").write_bytes(
        pickle.dumps({"model": [Touch(tmp_path / "touched")]})
    )
    assert listed_in(tmp_path / "stranger.pickle") == ["posix.open"]
    assert not (tmp_path / "touched").exists()


def test_a_pickle_within_a_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """joblib writes an array of objects so. Nothing of that is run either, and all is listed, what
    comes after it too, though joblib before 1.6, which a model may ask for, would run it."""

    newer = NumpyArrayWrapper.read_array

    def read_array(wrapper: Any, unpickler: Any, *given: Any) -> Any:
        if wrapper.dtype.hasobject:
            return pickle.load(unpickler.file_handle)
        return newer(wrapper, unpickler, *given)

    monkeypatch.setattr(NumpyArrayWrapper, "read_array", read_array)
    path = tmp_path / "stranger.pickle"
    joblib.dump(
        {"model": np.array([Touch(tmp_path / "touched")]), "then": LogisticRegression()}, path
    )
    listed = listed_in(path)
    assert "posix.open" in listed
    assert "sklearn.linear_model._logistic.LogisticRegression" in listed
    assert not (tmp_path / "touched").exists()
