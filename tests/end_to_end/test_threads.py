"""Models that make threads, which do not survive a fork, answer in every child of a worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.model_folder import write_model
from tests.system import System, serving, wait_for

_POOLED = """
class Pooled(Step):
    def transform(self, observations):
        return observations.apply(lambda column: list(pool().map(float, column)))
"""
AT_FIRST_USE = """
from concurrent.futures import ThreadPoolExecutor

POOLS = []


def pool():
    if not POOLS:
        POOLS.append(ThreadPoolExecutor(1))
    return POOLS[0]

"""
AT_IMPORT = AT_FIRST_USE + "\npool().submit(abs, 1).result()\n"
# One process, which may use every core.
PROCESSES = 1
ASKED = 48


def _pooled(package: Any) -> Any:
    return make_pipeline(package.Pooled(), LogisticRegression())


def _boosted(_: Any) -> Any:
    return HistGradientBoostingClassifier(max_iter=20)


KINDS = {
    "a pool made at its first use": (AT_FIRST_USE + _POOLED, _pooled),
    "a pool made while unpickling": (AT_IMPORT + _POOLED, _pooled),
    "OpenMP": ("", _boosted),
}


@pytest.mark.parametrize("kind", KINDS)
def test_threads(
    kind: str,
    tmp_path: Path,
    new_redis_url: Callable[[], str],
    new_database_url: Callable[[str], str],
) -> None:
    """Each answer is the pipeline's, and no process is lost; the successor of one that was killed
    answers as well."""
    source, make = KINDS[kind]
    folder = tmp_path / "model"
    pipeline = write_model(folder, "threads_" + "_".join(kind.split()), source, make)
    observations = [{"x": number / 7, "y": 1 - number / 9} for number in range(2 * ASKED)]
    own = pipeline.predict_proba(pd.DataFrame(observations))[:, 1]
    settings = {
        "MODEL_DIR": str(folder),
        "TASK_LIMIT": "5",
        "WORKER_PROCESSES": str(PROCESSES),
        # A successor loads the model before it answers.
        "SYNC_WAIT": "20",
    }
    system = System(new_database_url("sqlite"), new_redis_url(), tmp_path, settings)

    def ask(start: int) -> None:
        numbers = range(start, start + ASKED)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(system.client.predict, numbers, observations[start:]))
        for number, answer in zip(numbers, answers, strict=True):
            assert answer.status == 200, answer
            assert answer.json == {"proba": pytest.approx(own[number], abs=1e-12)}

    try:
        system.start()
        ask(0)
        assert "was lost" not in system.log()
        parent = serving(system.workers[0])
        killed = parent.children()
        for child in killed:
            os.kill(child.pid, signal.SIGKILL)
        wait_for(
            lambda: len(set(parent.children()) - set(killed)) == PROCESSES, 15, "the successors"
        )
        ask(ASKED)
        assert "SIGALRM" not in system.log()
    finally:
        system.stop()
