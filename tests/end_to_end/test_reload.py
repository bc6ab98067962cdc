"""A worker takes up another model while clients ask: no request waits or fails, each answer is one
model's, and its row says which. One system for all of it; a test begins where the one before has
left it."""

from __future__ import annotations

import itertools
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd
import pytest
from queuecast.commands.main import main
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.model_folder import write_model
from tests.system import System, scoring, serving, wait_for
from worker.model.model_files import ModelFiles

OBSERVATION = {"x": 0.5, "y": 0.25}
# Both models have their step in a package of the same name: the next one must not get the code of
# the one before, which has been imported already.
# As the second starts a thread, each process of it loads it for itself, also one that is started
# when the folder holds another by then.
SOURCES = {
    "one": "FACTOR = 1.0",
    "two": """
import threading

FACTOR = -2.0
threading.Thread(target=threading.Event().wait, daemon=True).start()
""",
}
STEP = """
class Factor(Step):
    def transform(self, observations):
        return observations * FACTOR
"""
CLIENTS = 2


@dataclass
class Served:
    """The system, and what its clients were told."""

    system: System
    # Where it looks for its model.
    folder: Path
    # The folders of the models, and the answer of each by its version.
    models: dict[str, Path]
    expected: dict[str, float]
    clients: list[Future[None]] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    answers: dict[str, Any] = field(default_factory=dict)
    promised: dict[str, str] = field(default_factory=dict)
    failed: list[Any] = field(default_factory=list)
    not_ready: int = 0

    def put(self, name: str) -> None:
        """Replace the files as a plain `cp` does, one after the other."""
        shutil.copytree(self.models[name], self.folder, dirs_exist_ok=True)

    def breaks(self) -> None:
        (self.folder / "pipeline.pickle").write_bytes(b"broken")

    def version(self, name: str) -> str:
        return ModelFiles.read(self.models[name]).version

    def served(self) -> dict[str, int]:
        # While no worker serves, a 503 names none.
        found = self.system.client.get("/model").json.get("versions", ())
        return {of["version"]: of["workers"] for of in found}

    def reload(self) -> Any:
        return self.system.client.post("/model/reload", {})

    def ask(self, client: int) -> None:
        for number in itertools.count():
            if self.stop.wait(0.1):
                return
            name = f"{client} {number}"
            answer = self.system.client.predict(name, OBSERVATION)
            if answer.status == 202:
                self.promised[name] = answer.json["job_id"]
            elif answer.status == 200:
                self.answers[name] = answer.json["proba"]
            else:
                self.failed.append((name, answer))
            self.not_ready += not self.system.client.ready()


@pytest.fixture(scope="module")
def served(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """One worker that serves the model `one`, and clients that ask all the while."""
    folder = tmp_path_factory.mktemp("reload")
    models = {name: folder / name for name in SOURCES}
    pipelines = {
        name: write_model(
            path, f"reloaded_{folder.name.replace('-', '_')}", f"{SOURCES[name]}\n{STEP}",
            lambda package: make_pipeline(package.Factor(), LogisticRegression()),
        )
        for name, path in models.items()
    }  # fmt: skip
    system = System(
        new_database_url("postgres"), new_redis_url(), folder, {"MODEL_DIR": str(folder / "live")}
    )
    served = Served(system, folder / "live", models, {})
    for name, pipeline in pipelines.items():
        (told,) = pipeline.predict_proba(pd.DataFrame([OBSERVATION]))[:, 1]
        served.expected[served.version(name)] = float(told)
    served.put("one")
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            system.start()
            served.clients += [pool.submit(served.ask, number) for number in range(CLIENTS)]
            yield served
        finally:
            served.stop.set()
            wait(served.clients)
            system.stop()


def test_another_model(served: Served) -> None:
    """It is served by processes of its own, with its own code, and those of before are gone."""
    before = serving(served.system.workers[0])
    children = scoring(served.system.workers[0])
    assert served.served() == {served.version("one"): 1}
    served.put("two")
    answer = served.reload()
    assert answer.status == 200, answer
    (worker,) = answer.json["workers"]
    assert (worker["status"], worker["version"]) == ("reloaded", served.version("two"))
    assert not any(p.is_running() for p in (before, *children))
    wait_for(lambda: served.served() == {served.version("two"): 1}, 10, "the gateway sees it")


def test_a_model_that_cannot_be_served(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The one of before is, and goes on to be though a process of it is killed and replaced; the
    command says why, and fails."""
    served.breaks()
    before = serving(served.system.workers[0])
    url = "http://{}:{}".format(*served.system.client.address)
    assert main(["model", "reload", "--url", url]) == 1
    said = capsys.readouterr()
    (worker,) = said.out.splitlines()
    assert "kept" in worker and served.version("two") in worker
    assert said.err.count("\n") == 1
    assert "1 of 1 workers did not take up the model: kept: " in said.err
    assert "pipeline.pickle cannot be unpickled" in said.err
    killed = scoring(served.system.workers[0])
    for child in killed:
        child.kill()

    def replaced() -> bool:
        now = set(scoring(served.system.workers[0])) - set(killed)
        return len(now) == len(killed)

    wait_for(replaced, 20, "they are replaced")
    assert serving(served.system.workers[0]) == before
    assert served.system.client.predict("after", OBSERVATION).json["proba"] == pytest.approx(
        served.expected[served.version("two")], abs=1e-12
    )


def test_by_a_signal(served: Served) -> None:
    """SIGHUP to the worker, twice at once."""
    served.put("one")
    for _ in range(2):
        served.system.workers[0].process.send_signal(signal.SIGHUP)
    done = f"reload: model {served.version('one')} is served"
    wait_for(lambda: done in served.system.log(), 30, "it is taken up")


def test_the_serving_process_killed_amid_a_reload(served: Served) -> None:
    """The one that is starting takes its place; what the killed one had is promised."""
    assert not served.promised
    assert served.not_ready == 0
    served.put("two")
    before = serving(served.system.workers[0])
    served.system.workers[0].process.send_signal(signal.SIGHUP)
    wait_for(lambda: serving(served.system.workers[0]) != before, 10, "the next one starts")
    before.kill()
    wait_for(lambda: served.served() == {served.version("two"): 1}, 30, "it serves")
    # Until the next one serves nobody does, for as long as its start takes.
    served.not_ready = 0


def test_two_versions_beside_each_other(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """`GET /model` and `queuecast model` name both; a reload is every worker's."""
    served.system.start_worker(MODEL_DIR=str(served.models["one"]), WORKER_PROCESSES="1")
    both = dict.fromkeys(map(served.version, SOURCES), 1)
    wait_for(lambda: served.served() == both, 40, "both serve")
    url = "http://{}:{}".format(*served.system.client.address)
    assert main(["model", "--url", url]) == 0
    said = capsys.readouterr().out
    assert all(f"1 on {version}" in said for version in both)
    answer = served.reload()
    assert answer.status == 200, answer
    assert sorted(worker["version"] for worker in answer.json["workers"]) == sorted(both)


def test_no_request_has_failed(served: Served) -> None:
    """All that the clients were told in the meantime: each by exactly one model, whose version the
    row has."""
    served.stop.set()
    for client in served.clients:
        client.result(30)
    assert not served.failed
    assert served.not_ready == 0
    for name, job_id in served.promised.items():
        served.answers[name] = served.system.client.ended(job_id)["result"]["proba"]
    rows = {row["observation_id"]: row for row in served.system.client.rows()}
    assert len(served.answers) > 10
    for name, told in served.answers.items():
        assert told == rows[name]["proba"]
        assert told == pytest.approx(served.expected[rows[name]["model_version"]], abs=1e-12)
    assert {row["model_version"] for row in rows.values()} == set(served.expected)


def test_nobody_answers(served: Served) -> None:
    """Without a worker it is a 503."""
    for worker in served.system.workers:
        assert worker.stop(25)
    wait_for(lambda: not served.system.client.ready(), 15, "no worker is seen")
    answer = served.reload()
    assert (answer.status, answer.json["error"]) == (503, "no worker answers")
    assert served.system.client.get("/model/reload/other").status == 404
