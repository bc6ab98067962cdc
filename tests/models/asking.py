"""A model folder served by a real worker, and asked about every row of its training frame."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shared.settings import CHECKOUT
from tests.models.kinds import EXPECTED
from tests.system import Client

TOLERANCE = 1e-12
CLIENTS = 8


def write_folder(name: str, folder: Path, python: str = sys.executable) -> Path:
    """Have this interpreter write the folder of this kind of model."""
    command = [python, "-m", "tests.models.kinds", name, str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True)
    return folder


def expected(folder: Path) -> dict[str, Any]:
    """The observations of the training frame, written in two ways, and the answers."""
    found: dict[str, Any] = json.loads((folder / EXPECTED).read_text())
    return found


def ask_all(client: Client, folder: Path) -> None:
    """See that each row is answered as the pipeline answers it: at once, as a job, and again.

    Raises:
        AssertionError: the first that is not.
    """
    told = expected(folder)
    rows = list(enumerate(zip(told["epoch"], told["iso"], told["answers"], strict=True)))

    def ask(row: tuple[int, tuple[Any, Any, Any]]) -> None:
        number, (epoch, iso, answer) = row
        check(client.predict(f"at once {number}", epoch), answer)
        promised = client.predict(f"as a job {number}", iso, prefer="respond-async")
        assert promised.status == 202, promised
        job = client.ended(promised.json["job_id"], seconds=60)
        assert job["status"] == "succeeded", job
        agree(job["result"], answer)
        for observation_id in (f"at once {number}", f"as a job {number}"):
            repeated = client.predict(observation_id, epoch)
            check(
                repeated, {**answer, "error": f'Observation ID: "{observation_id}" already exists'}
            )

    with ThreadPoolExecutor(CLIENTS) as pool:
        for _ in pool.map(ask, rows):
            pass
    assert len(client.rows()) == 2 * len(rows)


def check(found: Any, answer: dict[str, Any]) -> None:
    """See that it is a 200 with this answer."""
    assert found.status == 200, found
    agree(found.json, answer)


def agree(found: Any, wanted: Any) -> None:
    """See that two answers are the same, numbers within 1e-12, keys in their order."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict) and list(found) == list(wanted), (found, wanted)
        for key, value in wanted.items():
            agree(found[key], value)
    elif isinstance(wanted, list):
        assert isinstance(found, list) and len(found) == len(wanted), (found, wanted)
        for one, other in zip(found, wanted, strict=True):
            agree(one, other)
    elif isinstance(wanted, float):
        assert isinstance(found, int | float) and abs(found - wanted) <= TOLERANCE, (found, wanted)
    else:
        assert type(found) is type(wanted) and found == wanted, (found, wanted)
