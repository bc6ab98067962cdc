"""A running system for tests: real gateways and workers as processes, on given servers."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

from local.part import Part
from local.ports import free_port
from shared.db.deployment import namespace
from shared.db.engine import connect
from shared.queue.messages import Lane
from shared.queue.names import Names
from shared.setting_values import database_url
from shared.settings import CHECKOUT, SETTINGS
from tests.fork_server import ForkedPart, ForkServer, fork_server

# What a child process needs of this one's environment; settings of the developer's are left out.
_SETTINGS = {s.name for s in SETTINGS}
INHERITED = {k: v for k, v in os.environ.items() if k not in _SETTINGS}

FIRST_PASSENGER: dict[str, Any] = {
    "Age": 22.0, "Cabin": None, "Embarked": "S", "Fare": 7.25,
    "Parch": 0, "Pclass": 3, "Sex": "male", "SibSp": 1,
}  # fmt: skip
FIRST_PROBA = 0.0917228353416481


def wait_for(condition: Callable[[], Any], seconds: float = 15.0, what: str = "condition") -> Any:
    """Wait until a condition holds, and return what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def call(
    address: tuple[str, int],
    method: str,
    path: str,
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 40.0,
) -> Answer:
    """One HTTP request on a connection of its own."""
    connection = HTTPConnection(*address, timeout=timeout)
    try:
        data = body.encode() if isinstance(body, str) else body
        connection.request(method, path, data, dict(headers or {}))
        response = connection.getresponse()
        names = {k.lower(): v for k, v in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


class Client:
    """Talks to one gateway."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.address = ("127.0.0.1", port)
        self.headers = dict(headers or {})

    def get(self, path: str, **headers: str) -> Answer:
        return call(self.address, "GET", path, headers={**self.headers, **headers})

    def delete(self, path: str) -> Answer:
        return call(self.address, "DELETE", path, headers=self.headers)

    def post(
        self, path: str, body: Any, prefer: str | None = None, timeout: float = 40.0
    ) -> Answer:
        headers = {"Content-Type": "application/json", **self.headers}
        if prefer is not None:
            headers["Prefer"] = prefer
        text = body if isinstance(body, bytes | str) else json.dumps(body)
        return call(self.address, "POST", path, text, headers, timeout)

    def predict(
        self, observation_id: Any, observation: Any = None, prefer: str | None = None
    ) -> Answer:
        observation = FIRST_PASSENGER if observation is None else observation
        return self.post("/predict", {"id": observation_id, "observation": observation}, prefer)

    def update(self, observation_id: Any, true_class: Any, prefer: str | None = None) -> Answer:
        return self.post("/update", {"id": observation_id, "true_class": true_class}, prefer)

    def rows(self) -> list[dict[str, Any]]:
        answer = self.get("/list-db-contents")
        assert answer.status == 200, answer
        found: list[dict[str, Any]] = answer.json
        return found

    def job(self, job_id: str, wait: int = 0) -> dict[str, Any]:
        answer = self.get(f"/jobs/{job_id}" + (f"?wait={wait}" if wait else ""))
        assert answer.status == 200, answer
        found: dict[str, Any] = answer.json
        return found

    def ended(self, job_id: str, seconds: float = 20.0) -> dict[str, Any]:
        """The job, once it has ended."""

        def look() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["finished_at"] else None

        found: dict[str, Any] = wait_for(look, seconds, f"job {job_id} ends")
        return found

    def ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def alive(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False


def serving(worker: Part) -> psutil.Process:
    """The process of a worker that serves: its generation of now."""
    found: psutil.Process = psutil.Process(worker.process.pid).children()[-1]
    return found


def scoring(worker: Part) -> list[psutil.Process]:
    """The processes of a worker that score."""
    return list(serving(worker).children())


@dataclass
class System:
    """Gateways and workers on one database and one Redis."""

    database_url: str
    redis_url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    gateways: list[tuple[Part, Client]] = field(default_factory=list)
    workers: list[Part] = field(default_factory=list)
    # The code of the parts that are started from now on.
    checkout: Path = CHECKOUT

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **INHERITED,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.folder),
            **self.settings,
            **more,
        }

    @property
    def client(self) -> Client:
        return self.gateways[0][1]

    def start_gateway(self, wait: bool = True, **more: str) -> tuple[Part, Client]:
        port = free_port()
        environment = self.environment(PORT=str(port), **more)
        part = self._part("gateway", "api", environment)
        key = environment.get("API_KEY", "").split(",")[0]
        client = Client(port, {"Authorization": f"Bearer {key}"} if key else None)
        self.gateways.append((part, client))
        if wait:
            self.wait_alive(part, client)
        return part, client

    def start_worker(self, python: str = sys.executable, **more: str) -> Part:
        part = self._part("worker", "worker", self.environment(**more), python)
        self.workers.append(part)
        return part

    def start(self, gateways: int = 1, workers: int = 1) -> System:
        """Start everything at once, and wait until all of it is ready."""
        for _ in range(gateways):
            self.start_gateway(wait=False)
        for _ in range(workers):
            self.start_worker()
        for part, client in self.gateways:
            self.wait_alive(part, client)
        self.wait_ready()
        return self

    def queue(self, lane: Lane) -> str:
        """The list on Redis that a lane of this system is; known once its schema has been made."""
        database = connect(database_url(self.database_url), connections=1, wait=10.0)
        try:
            return Names(database.read(namespace)).queue(lane)
        finally:
            database.close()

    def wait_alive(self, part: Part, client: Client) -> None:
        part.wait_until(client.alive, 30)

    def wait_ready(self, seconds: float = 40.0) -> None:
        for _, client in self.gateways:
            wait_for(client.ready, seconds, "the gateway is ready")

    def log(self) -> str:
        return (self.folder / "system.log").read_text(errors="replace")

    def stop(self) -> None:
        """Ask everything at once to stop, as a platform does; what does not is killed."""
        parts = [part for part, _ in self.gateways] + self.workers
        running = [part for part in parts if part.exit_code is None]
        for part in running:
            part.process.send_signal(signal.SIGTERM)
        slow = [part.name for part in parts if not part.stop(25)]
        # One that was still starting has no handler of its own yet.
        unclean = [p.name for p in running if p.exit_code not in (0, -signal.SIGTERM)]
        for part in parts:
            # Children of a part that was killed on purpose.
            part.kill()
        self.gateways.clear()
        self.workers.clear()
        assert not slow, f"did not stop within 25 s: {slow}\n{self.log()[-8000:]}"
        assert not unclean, f"did not stop cleanly: {unclean}\n{self.log()[-8000:]}"

    def _part(
        self, name: str, module: str, environment: Mapping[str, str], python: str = sys.executable
    ) -> Part:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "system.log").open("ab") as log:
            forks = self._fork_server(module, environment, python)
            if forks is not None:
                process = forks.start([module], environment, log, self.checkout)
                return ForkedPart(name, process)
            return Part(name, [python, "-m", module], environment, log, self.checkout)

    def _fork_server(
        self, module: str, environment: Mapping[str, str], python: str
    ) -> ForkServer | None:
        """What starts such a part faster than from nothing; none where libraries that are loaded
        already would be others than its own."""
        if python != sys.executable or self.checkout != CHECKOUT:
            return None
        # A gateway has no other processes.
        processes = environment.get("WORKER_PROCESSES", "2") if module == "worker" else "1"
        if not processes.isdecimal() or int(processes) < 1:
            return None
        inherited = {k: v for k, v in environment.items() if k not in _SETTINGS}
        return fork_server(module, int(processes)) if inherited == INHERITED else None
