"""What a crafted pickle would import: listed within bounds, and said where the list ends."""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path

import pytest

from shared.settings import CHECKOUT
from worker.checking.__main__ import check
from worker.checking.listing import list_imports
from worker.checking.report import report

MODEL = CHECKOUT / "artifacts"
EVIL = b"cposix\nsystem\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped model's files, of which a test replaces the pipeline."""
    for name in ("pipeline.pickle", "dtypes.pickle", "columns.json"):
        shutil.copy(MODEL / name, tmp_path)
    return tmp_path


def crafted(folder: Path, data: bytes, seconds: float = 60.0, mebibytes: int = 8192) -> str:
    """Why the list of a pipeline of these bytes is cut."""
    (folder / "pipeline.pickle").write_bytes(data)
    listing = list_imports(folder, seconds, mebibytes)
    assert listing.cut is not None
    return listing.cut


def test_a_sound_one(folder: Path) -> None:
    """Nothing is cut, and both pickles are listed."""
    listing = list_imports(folder, 60.0, 8192)
    assert listing.cut is None
    assert "sklearn.linear_model._logistic.LogisticRegression" in listing.names
    assert any(name.startswith("pandas.") for name in listing.names)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"cbuiltins\nlen\n\x88", "pipeline.pickle cannot be read to its end: "),
        # A number where a name belongs stops this reader; what follows is never seen.
        (b"K\x01K\x02\x93" + EVIL + b".", "pipeline.pickle cannot be read to its end: "),
        (b"Pid\n.", "UnpicklingError"),
        (zlib.compress(b"no pickle"), "pipeline.pickle cannot be read to its end: "),
        (zlib.compress(bytes(500))[:-4], "pipeline.pickle cannot be read to its end: "),
        (b"".join(b"cm%d\nn\n0" % n for n in range(10_001)) + b"N.", "more than 10000 names"),
    ],
)
def test_a_list_that_is_cut(folder: Path, data: bytes, said: str) -> None:
    """It is said that there may be more, and of which file; the other file is listed."""
    assert said in crafted(folder, data)
    assert any(name.startswith("pandas.") for name in list_imports(folder, 60.0, 8192).names)


def test_what_is_found_before_the_end_is_listed(folder: Path) -> None:
    """And `make check` says that it is not all."""
    (folder / "pipeline.pickle").write_bytes(EVIL + b"0cevil\x1b[2J\nname\n0K\x01K\x02\x93.")
    found = check(folder, 20.0, 8192)
    assert found["imports"][0] == "posix.system"
    assert "\x1b" not in "".join(found["imports"])
    assert "imports    are more than these, or others: pipeline.pickle cannot" in report(found)
    assert json.dumps(found)


def test_a_bomb(folder: Path) -> None:
    """What decompresses to more than the bound is not held, here or there."""
    bomb = zlib.compressobj()
    first, again = (bomb.compress(bytes(1 << 26)) + bomb.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    # Each part stands for 64 MiB.
    data = first + 40 * again
    assert "MemoryError" in crafted(folder, data, mebibytes=1500)


def test_one_that_takes_for_ever(folder: Path) -> None:
    """The names until then are listed."""
    # Each tuple holds the one before twice, and a set has to walk through all of it for a hash.
    data = EVIL + b"0()" + b"2\x86" * 60 + b"\x91."
    assert "within 3 s (--seconds)" in crafted(folder, data, seconds=3.0)
    assert list_imports(folder, 3.0, 8192).names[0] == "posix.system"
