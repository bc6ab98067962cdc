"""The shipped model made again: the same answers, whatever processor it is trained on.

numpy and scipy bring OpenBLAS, which has a kernel (a set of compiled routines) for each family of
processors and picks one when it is loaded. Kernels round differently, so a fit that stops before
it has converged gives other probabilities on another processor.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tests.system import FIRST_PROBA, INHERITED
from worker.model.loading import Model, load

AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
# For each value of OPENBLAS_CORETYPE: the processor flags that its kernel needs, and the kernels
# that OpenBLAS may say it took. A build that lacks a kernel takes the nearest older one, and the
# one for Prescott calls itself Katmai.
KERNELS: dict[str, tuple[set[str], set[str]]] = {
    "Prescott": ({"pni"}, {"Prescott", "Katmai"}),
    "Nehalem": ({"sse4_2"}, {"Nehalem"}),
    "Sandybridge": ({"avx"}, {"Sandybridge"}),
    "Haswell": ({"avx2", "fma"}, {"Haswell"}),
    "Zen": ({"avx2", "fma"}, {"Zen", "Haswell"}),
    "SkylakeX": (AVX512, {"SkylakeX"}),
    "Cooperlake": (AVX512 | {"avx512_bf16"}, {"Cooperlake", "SkylakeX"}),
    "SapphireRapids": (
        AVX512 | {"avx512_bf16", "avx512_fp16", "amx_bf16"},
        {"SapphireRapids", "Cooperlake", "SkylakeX"},
    ),
}
# Runs the script that follows it as `python SCRIPT` does, then says which kernels it ran on.
RUN = """
import json, runpy, sys, threadpoolctl
runpy.run_path(sys.argv[1], run_name="__main__")
loaded = threadpoolctl.threadpool_info()
print(json.dumps([one["architecture"] for one in loaded if one["internal_api"] == "openblas"]))
"""


def runnable() -> list[str]:
    """The core types whose instructions this processor has; none where Linux does not say."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return [name for name, (needed, _) in KERNELS.items() if needed <= flags]


def train_again(artifacts: Path, folder: Path, kernel: str | None) -> set[str]:
    """Run a copy of train.py in this folder; the kernels that it took.

    Without a name the kernel is the one that OpenBLAS picks for this processor, even if the
    developer's environment asks for another.
    """
    (folder / "data").mkdir()
    for name in ("train.py", "data/titanic_train.csv"):
        (folder / name).write_bytes((artifacts / name).read_bytes())
    environment = {k: v for k, v in INHERITED.items() if not k.startswith("OPENBLAS_")}
    if kernel:
        environment["OPENBLAS_CORETYPE"] = kernel
    command = [sys.executable, "-c", RUN, str(folder / "train.py")]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return set(json.loads(done.stdout))


def answers(model: Model, artifacts: Path) -> NDArray[np.float64]:
    """What a model says of each training passenger, shape (891,)."""
    data = pd.read_csv(artifacts / "data" / "titanic_train.csv")
    return np.array(model.answers(data[list(model.columns)].astype(model.dtypes)))


@pytest.mark.parametrize("kernel", [None, *runnable()], ids=lambda kernel: kernel or "own")
def test_the_shipped_model_can_be_made_again(
    tmp_path: Path, artifacts: Path, kernel: str | None
) -> None:
    """train.py gives the committed model on every kernel that this processor can run: the same
    frame, and the same probability for each of the 891 passengers within 1e-9."""
    taken = train_again(artifacts, tmp_path, kernel)
    if kernel:
        assert taken and taken <= KERNELS[kernel][1]
    made, shipped = load(tmp_path), load(artifacts)
    assert (made.columns, made.dtypes) == (shipped.columns, shipped.dtypes)
    found = answers(made, artifacts)
    furthest = np.max(np.abs(found - answers(shipped, artifacts)))
    assert furthest < 1e-9
    assert found[0] == pytest.approx(FIRST_PROBA, abs=1e-12)
