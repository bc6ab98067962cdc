"""What was set aside comes back after a fix, with one command."""

from __future__ import annotations

import subprocess
import sys

from shared.settings import CHECKOUT
from tests.faults.evidence import places, query
from tests.faults.plays.poison import settings, trapped
from tests.faults.record import Record
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage

COMMAND = [sys.executable, "-m", "shared.dead_letters"]


def play(stage: Stage) -> None:
    """Rows that kill are set aside; the model is replaced by a good one; they are replayed."""
    asks = [trapped(stage, "exit", respond_async=True) for _ in range(3)]
    records = stage.send(asks)
    stage.recovered()
    listed = _run(stage)
    assert all(r.status == 202 for r in records), [(r.status, r.body) for r in records]
    job_ids = [str((r.body or {})["job_id"]) for r in records]
    missing = [job_id for job_id in job_ids if job_id not in listed]
    assert not missing, f"not listed: {missing}\n{listed}"

    stage.terminate([stage.worker])
    stage.renew_worker(MODEL_DIR="artifacts")
    _run(stage, "replay", job_ids[0])
    _run(stage, "replay")
    stage.recovered()
    found = query(
        stage.system.database_url,
        f"SELECT job_id, status, attempts FROM job WHERE job_id IN ({places(job_ids)})",
        job_ids,
    )
    assert {status for _, status, _ in found} == {"succeeded"}, found
    stage.shown.append(f"{len(found)} jobs were set aside and replayed")
    _cure(stage, records)


def _cure(stage: Stage, records: list[Record]) -> None:
    """Their model takes them now, so the account may ask of them what it asks of all."""
    stage.cured |= {record.ask.number for record in records}


def _run(stage: Stage, *arguments: str) -> str:
    """The command's output."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=stage.system.environment(), cwd=CHECKOUT,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


SCENARIO = Scenario(
    "dead-letters", "rows set aside, the model mended, the rows replayed", play,
    settings=settings, alone=True,
)  # fmt: skip
