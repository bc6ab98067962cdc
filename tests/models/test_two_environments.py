"""Two workers with other versions of the libraries, each with the model that it was written with,
behind one gateway."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from tests.models.asking import agree, expected, write_folder
from tests.models.conftest import versions
from tests.system import System, wait_for
from worker.model.artifacts import FILES


def version_of(folder: Path) -> str:
    """The version of the model in a folder, as the README says it."""
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in FILES)).hexdigest()[:16]


def test_two_environments_behind_one_gateway(
    on_postgres: System, older_python: str, tmp_path: Path
) -> None:
    """Both answer, and each answer is that of the model whose version its row names; the two
    models say the opposite of each other."""
    assert versions(sys.executable) != versions(older_python)
    older = write_folder("zero_and_one", tmp_path / "older", older_python)
    newest = write_folder("opposite", tmp_path / "newest")
    told = {version_of(folder): expected(folder) for folder in (older, newest)}
    try:
        on_postgres.start_gateway()
        on_postgres.start_worker(older_python, MODEL_DIR=str(older), WORKER_PROCESSES="1")
        on_postgres.start_worker(MODEL_DIR=str(newest), WORKER_PROCESSES="1")
        on_postgres.wait_ready()
        client = on_postgres.client

        def both_served() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = client.get("/model").json["versions"]
            return found if len(found) == 2 else []

        served = wait_for(both_served, 40, "both serve")
        assert {of["version"]: of["workers"] for of in served} == dict.fromkeys(told, 1)
        observations = told[version_of(older)]["epoch"]
        promised = [
            client.predict(number, observation, prefer="respond-async").json["job_id"]
            for number, observation in enumerate(observations)
        ]
        answers = [client.ended(job_id, seconds=60)["result"] for job_id in promised]
        said_by = {row["observation_id"]: row["model_version"] for row in client.rows()}
        assert set(said_by.values()) == set(told)
        for number, answer in enumerate(answers):
            agree(answer, told[said_by[number]]["answers"][number])
    finally:
        on_postgres.stop()
