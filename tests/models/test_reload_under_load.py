"""Ten reloads while eight clients ask for half a minute, and what may go wrong amid one.

With `pytest -s` it tells how long requests waited before and meanwhile. No time is asserted.
"""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any

import joblib
import pandas as pd
import psutil
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from local.part import Part
from shared.errors import REFUSED
from tests.model_folder import write_model
from tests.system import FIRST_PASSENGER, System, scoring, serving, wait_for
from worker.model.artifacts import FILES, PIPELINE
from worker.model.loading import load

CLIENTS = 8
SECONDS, RELOADS = 30.0, 10
# Before and after, for comparison.
QUIET = 10.0

# What the log says of each generation that serves.
READY = "worker.heartbeat: ready: model"
POISON = """
import os, signal


class Poisoned(Step):
    def transform(self, observations):
        if (observations["x"] == 666).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return observations
"""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@dataclass
class Load:
    """What eight clients were told, and how long they waited for it, in seconds."""

    client: Any
    observation: dict[str, Any]
    stop: Event = field(default_factory=Event)
    waited: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    answers: dict[str, float] = field(default_factory=dict)
    promised: dict[str, str] = field(default_factory=dict)
    not_ready: int = 0

    def ask(self, name: str) -> None:
        connection = HTTPConnection("127.0.0.1", self.client.address[1], timeout=60)
        for number in itertools.count():
            if self.stop.is_set():
                connection.close()
                return
            key = f"{name} {number}"
            body = json.dumps({"id": key, "observation": self.observation})
            began = time.monotonic()
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            found = json.loads(response.read())
            self.waited.append(time.monotonic() - began)
            self.statuses[response.status] += 1
            if response.status == 200:
                self.answers[key] = found["proba"]
            elif response.status == 202:
                self.promised[key] = found["job_id"]

    def look(self) -> None:
        while not self.stop.wait(0.05):
            self.not_ready += not self.client.ready()

    def figures(self) -> str:
        waited = sorted(self.waited)
        shown = (
            f"{name} {1000 * waited[int(part * (len(waited) - 1))]:.0f} ms"
            for name, part in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("longest", 1.0))
        )
        return f"{len(waited)} requests, {dict(self.statuses)}, {', '.join(shown)}"


@contextmanager
def loaded(system: System, name: str, observation: dict[str, Any]) -> Iterator[Load]:
    """Clients that ask for as long as the block takes."""
    load = Load(system.client, observation)
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        asking = [pool.submit(load.ask, f"{name} {client}") for client in range(CLIENTS)]
        asking.append(pool.submit(load.look))
        try:
            yield load
        finally:
            load.stop.set()
        for each in asking:
            each.result(90)


def every_answer_is_one_models(system: System, load: Load, expected: dict[str, float]) -> None:
    """That whose version its row has; what was promised was kept."""
    for key, job_id in load.promised.items():
        load.answers[key] = system.client.ended(job_id, 60)["result"]["proba"]
    rows = {row["observation_id"]: row for row in system.client.rows()}
    for key, told in load.answers.items():
        assert told == rows[key]["proba"]
        assert told == pytest.approx(expected[rows[key]["model_version"]], abs=1e-12)


def poisoned(package: Any, **options: float) -> Pipeline:
    return make_pipeline(package.Poisoned(), LogisticRegression(**options))


Make = Callable[[dict[str, Path], dict[str, Any]], tuple[System, dict[str, float]]]


@pytest.fixture
def make(on_postgres: System) -> Iterator[Make]:
    """Starts a system that serves the first of these models, from a folder of its own; and gives
    the answer of each by its version."""

    def start(
        models: dict[str, Path], observation: dict[str, Any]
    ) -> tuple[System, dict[str, float]]:
        expected = {}
        for folder in models.values():
            model = load(folder)
            frame = pd.DataFrame([observation])[list(model.columns)].astype(model.dtypes)
            expected[model.version] = float(model.pipeline.predict_proba(frame)[0, 1])
        live = on_postgres.folder / "live"
        shutil.copytree(next(iter(models.values())), live)
        on_postgres.settings["MODEL_DIR"] = str(live)
        return on_postgres.start(), expected

    try:
        yield start
    finally:
        on_postgres.stop()


def put(folder: Path, system: System) -> None:
    shutil.copytree(folder, Path(system.settings["MODEL_DIR"]), dirs_exist_ok=True)


def test_ten_reloads_in_half_a_minute(make: Make, artifacts: Path, tmp_path: Path) -> None:
    """One of them of a broken folder, which is kept out: no request fails, and `/readyz` stays
    ready."""
    models = {name: tmp_path / name for name in ("one", "two")}
    for folder in models.values():
        folder.mkdir()
        for name in FILES:
            shutil.copy(artifacts / name, folder / name)
        shutil.copytree(artifacts / "custom_transformers", folder / "custom_transformers")
    pipeline = load(models["two"]).pipeline
    pipeline[-1].intercept_ += 0.5
    joblib.dump(pipeline, models["two"] / PIPELINE)
    system, expected = make(models, FIRST_PASSENGER)
    versions = dict(zip(models, expected, strict=True))
    with loaded(system, "warm", FIRST_PASSENGER):
        time.sleep(3)
    with loaded(system, "before", FIRST_PASSENGER) as before:
        time.sleep(QUIET)
    took, statuses = [], []
    with loaded(system, "meanwhile", FIRST_PASSENGER) as meanwhile:
        began = time.monotonic()
        for number in range(RELOADS):
            time.sleep(max(0.0, began + number * SECONDS / RELOADS - time.monotonic()))
            name = ("two", "one")[number % 2]
            put(models[name], system)
            if number == RELOADS // 2:
                (Path(system.settings["MODEL_DIR"]) / PIPELINE).write_bytes(b"broken")
            asked = time.monotonic()
            answer = system.client.post("/model/reload", {})
            took.append(time.monotonic() - asked)
            statuses.append(answer.status)
            if answer.status == 200:
                assert answer.json["workers"][0]["version"] == versions[name]
        lasted = time.monotonic() - began
    say(f"\nbefore     {before.figures()}")
    say(f"meanwhile  {meanwhile.figures()}, in {lasted:.0f} s, not ready {meanwhile.not_ready}")
    say(f"reloads    {statuses}, {', '.join(f'{seconds:.1f}' for seconds in took)} s each")
    broken = RELOADS // 2
    assert statuses == [200] * broken + [500] + [200] * (RELOADS - broken - 1)
    assert set(meanwhile.statuses) == {200}
    assert meanwhile.not_ready == 0
    every_answer_is_one_models(system, meanwhile, expected)
    assert "Traceback" not in system.log()


def test_what_may_go_wrong_amid_a_reload(make: Make, tmp_path: Path) -> None:
    """A process is killed, or the one that serves, or that is to serve; a row kills its process;
    several reloads at once; the worker is stopped, or killed, or started again with a folder that
    cannot be served."""
    observation = {"x": 0.5, "y": 0.25}
    models = {name: tmp_path / name for name in ("one", "two")}
    for name, folder in models.items():
        write_model(
            folder, f"reloading_{tmp_path.name}", POISON,
            partial(poisoned, C=1.0 if name == "one" else 1e-3),
        )  # fmt: skip
    system, expected = make(models, observation)
    versions = dict(zip(models, expected, strict=True))
    turns = itertools.cycle(["two", "one"])
    worker = system.workers[0]

    def begin() -> tuple[str, Any, Any]:
        """A reload by a signal; the version that will be, and the processes that serve and that
        are to serve."""
        name = next(turns)
        put(models[name], system)
        now = serving(worker)
        worker.process.send_signal(signal.SIGHUP)
        wait_for(lambda: serving(worker) != now, 10, "the next one starts")
        return versions[name], now, serving(worker)

    def another() -> Part:
        """A worker that is started, and serves."""
        before = system.log().count(READY)
        started = system.start_worker()
        wait_for(lambda: system.log().count(READY) > before, 60, "another worker serves")
        return started

    def served(version: str) -> bool:
        found = system.client.get("/model")
        return found.status == 200 and [of["version"] for of in found.json["versions"]] == [version]

    with loaded(system, "amid", observation) as asked:
        # A process that scores.
        version, now, _ = begin()
        now.children()[0].kill()
        wait_for(lambda: served(version), 30, "it is served though a process was killed")
        # A row that kills, three times.
        version, _, _ = begin()
        promised = system.client.predict("poison", {"x": 666, "y": 0}, prefer="respond-async")
        wait_for(lambda: served(version), 60, "it is served though a row kills")
        job = system.client.ended(promised.json["job_id"], 60)
        assert job["status"] == "failed" and "set aside after 3 tries" in job["error"]
        # Several at once, by HTTP as well.
        version, _, _ = begin()
        with ThreadPoolExecutor(3) as pool:
            several = [pool.submit(system.client.post, "/model/reload", {}) for _ in range(3)]
            assert [each.result(120).status for each in several] == [200] * 3
        wait_for(lambda: served(version), 30, "it is served after several at once")
        # The one that is to serve: the one of before stays.
        before = version
        _, _, coming = begin()
        coming.kill()
        said = "is kept: the process that was to serve was ended by SIGKILL"
        wait_for(lambda: said in system.log(), 20, "it is kept")
        assert served(before)
        # The one that serves: the next one takes its place.
        version, now, _ = begin()
        now.kill()
        wait_for(lambda: served(version), 40, "the next one took its place")
        assert worker.exit_code is None
        # Stopped amid a reload: it ends in time, and another does the rest.
        _, _, coming = begin()
        began = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        stopped = worker
        wait_for(lambda: stopped.exit_code is not None, 25, "the worker ended")
        say(f"\nstopped amid a reload in {time.monotonic() - began:.1f} s")
        assert stopped.exit_code == 0 and gone(coming)
        worker = another()
        # Killed amid a reload, with all that it has.
        _, now, coming = begin()
        children = scoring(worker)
        worker.process.kill()
        wait_for(lambda: all(map(gone, (now, coming, *children))), 5, "nothing of it is left")
        worker.process.wait()
        # A folder that cannot be served keeps a worker from starting, and says so.
        (Path(system.settings["MODEL_DIR"]) / PIPELINE).write_bytes(b"broken")
        refusing = system.start_worker()
        wait_for(lambda: refusing.exit_code is not None, 40, "it refuses")
        assert refusing.exit_code == REFUSED
        assert "\nqueuecast: " in system.log() and "cannot be unpickled" in system.log()
        put(models["one"], system)
        another()
    say(f"meanwhile  {asked.figures()}")
    assert set(asked.statuses) <= {200, 202}
    every_answer_is_one_models(system, asked, expected)
