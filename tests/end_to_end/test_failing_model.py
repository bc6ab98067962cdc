"""A model that stops answering is the worker's fault, not the client's; a row's own error is the
client's, and stays it."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.model_folder import write_model
from tests.system import System, scoring, wait_for

BREAKABLE = """
from pathlib import Path


class Breakable(Step):
    def transform(self, observations):
        if Path(__file__).with_name("broken").exists():
            raise RuntimeError("no such device")
        if (observations.x > 1000).any():
            raise RuntimeError("no such device")
        return observations
"""
LEAVING = """
import asyncio
import sys


class Leaving(Step):
    def transform(self, observations):
        found = set(observations.x)
        if 1001 in found:
            sys.exit(3)
        if 1002 in found:
            raise KeyboardInterrupt
        if 1003 in found:
            raise asyncio.CancelledError
        if 1004 in found:
            sys.exit(0)
        return observations
"""
LEAVES = {1001: "SystemExit: 3", 1002: "KeyboardInterrupt", 1003: "CancelledError",
          1004: "SystemExit: 0"}  # fmt: skip
GOOD = {"x": 1, "y": 0.5}
BAD = {"x": 2000, "y": 0.5}


@dataclass(frozen=True)
class Breaking:
    """A system whose model answers nothing as long as a file is there."""

    system: System
    switch: Path

    def traces(self) -> int:
        return self.system.log().count("Traceback")


@pytest.fixture
def breaking(
    tmp_path: Path, new_redis_url: Callable[[], str], new_database_url: Callable[[str], str]
) -> Iterator[Breaking]:
    folder, name = tmp_path / "model", f"breakable_{tmp_path.name}"
    write_model(
        folder, name, BREAKABLE, lambda p: make_pipeline(p.Breakable(), LogisticRegression())
    )
    settings = {"MODEL_DIR": str(folder), "SYNC_WAIT": "2"}
    system = System(new_database_url("postgres"), new_redis_url(), tmp_path, settings)
    try:
        yield Breaking(system.start(), folder / name / "broken")
    finally:
        system.stop()


def test_a_model_that_stops_answering(breaking: Breaking) -> None:
    """500, said once in the log with its trace, and not ready; what was accepted waits. When the
    model answers again, the worker is ready, and what was accepted is done."""
    client = breaking.system.client
    assert client.predict(0, GOOD).status == 200
    breaking.switch.touch()
    job_id = client.predict("accepted", GOOD, prefer="respond-async").json["job_id"]
    wait_for(lambda: not client.ready(), 15, "not ready")
    ready = client.get("/readyz").json
    assert ready["error"] == "not ready: worker"
    assert client.job(job_id)["finished_at"] is None
    # A process that has not heard of it yet says 500; the others wait for their model.
    waiting = wait_for(lambda: _promised(breaking, "waiting"), 15, "a 202")
    wait_for(lambda: breaking.traces() == 1, 5, "the trace is in the log")
    assert "RuntimeError: no such device" in breaking.system.log()
    breaking.switch.unlink()
    breaking.system.wait_ready()
    for accepted in (job_id, waiting["job_id"]):
        assert client.ended(accepted, 40)["status"] == "succeeded"
    assert client.predict("after", GOOD).status == 200
    assert breaking.traces() == 1


def _promised(breaking: Breaking, observation_id: str) -> dict[str, Any] | None:
    answer = breaking.system.client.predict(observation_id, GOOD)
    assert answer.status in (202, 500)
    promise: dict[str, Any] | None = answer.json if answer.status == 202 else None
    return promise


def test_whose_fault_it_is(breaking: Breaking) -> None:
    """The same error, from one row: 422, and the worker is ready. From every row: 500."""
    client = breaking.system.client
    answer = client.predict("bad", BAD)
    assert (answer.status, answer.json) == (
        422,
        {"error": "the model cannot take this observation: RuntimeError: no such device"},
    )
    assert client.predict("good", GOOD).status == 200
    assert client.ready()
    assert breaking.traces() == 0
    breaking.switch.touch()
    answer = client.predict("broken", GOOD)
    assert answer.status == 500
    assert "no such device" in answer.json["error"]
    assert "observation" not in answer.json["error"].split("any more")[0]
    wait_for(lambda: not client.ready(), 15, "not ready")
    assert [row["observation_id"] for row in client.rows()] == ["good"]


def test_files_that_change(breaking: Breaking) -> None:
    """Under a running worker they change nothing: it serves what it has loaded."""
    client = breaking.system.client
    (breaking.switch.parent.parent / "columns.json").write_text('["y", "x"]')
    assert client.predict(0, GOOD).status == 200


@pytest.fixture
def leaving(
    tmp_path: Path, new_redis_url: Callable[[], str], new_database_url: Callable[[str], str]
) -> Iterator[System]:
    """A system whose model raises at some rows what ends most processes."""
    folder, name = tmp_path / "model", f"leaving_{tmp_path.name}"
    write_model(folder, name, LEAVING, lambda p: make_pipeline(p.Leaving(), LogisticRegression()))
    settings = {"MODEL_DIR": str(folder), "WORKER_PROCESSES": "1", "SYNC_WAIT": "20"}
    system = System(new_database_url("postgres"), new_redis_url(), tmp_path, settings)
    try:
        yield system.start()
    finally:
        system.stop()


def test_what_ends_most_processes(leaving: System) -> None:
    """Raised by a row, it is that row's error at once, in company and as a job: no process ends."""
    client = leaving.client
    (child,) = scoring(leaving.workers[0])
    for x, said in LEAVES.items():
        with ThreadPoolExecutor(4) as pool:
            good = [pool.submit(client.predict, f"beside {x} {n}", GOOD) for n in range(3)]
            bad = client.predict(f"leaves {x}", {"x": x, "y": 0})
        assert bad.status == 422
        assert f"the model cannot take this observation: {said}" in bad.json["error"]
        assert [answer.result().status for answer in good] == [200] * 3
        promised = client.predict(f"leaves {x}", {"x": x, "y": 0}, prefer="respond-async")
        ended = client.ended(promised.json["job_id"])
        assert (ended["status"], ended["status_code"]) == ("failed", 422)
    assert child.is_running()
    assert client.ready()
    assert "a process was lost" not in leaving.log()


def test_a_signal_to_a_process_is_not_its_row(breaking: Breaking) -> None:
    """billiard makes a SystemExit of it, which would fail the row that is scored just then: a job
    whose process gets one is done by another."""
    system = breaking.system
    children = scoring(system.workers[0])
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        for child in children:
            status = Path(f"/proc/{child.pid}/status").read_text()
            caught = int(re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)[1], 16)  # type: ignore[index]
            assert not caught >> (number - 1) & 1, number
    children[0].send_signal(signal.SIGHUP)
    wait_for(lambda: not children[0].is_running(), 15, "it ends")
    assert system.client.predict("after", GOOD).status == 200
