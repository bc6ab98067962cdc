"""This checkout with a file to score: started, sent to, weighed, stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from bench.stage import Stage
from local.part import Part
from shared.errors import StartError
from shared.settings import CHECKOUT

READY_WITHIN, ENDS_WITHIN = 60.0, 1800.0
MIB = 1024 * 1024


class Service:
    """One gateway and one worker on a stage; `settings` beside the defaults."""

    def __init__(self, stage: Stage, **settings: str) -> None:
        self._stage = stage
        self._environment = {**stage.environment, **settings}
        self._end = ExitStack()

    def __enter__(self) -> Service:
        with self._stage.log.open("ab") as log:
            self.worker, self.gateway = (
                Part(module, [sys.executable, "-m", module], self._environment, log, CHECKOUT)
                for module in ("worker", "api")
            )
        for part in (self.worker, self.gateway):
            self._end.callback(part.kill)
            self._end.callback(part.stop, 25.0)
        self.gateway.wait_until(self._is_ready, READY_WITHIN)
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._end.close()

    def ask(self, path: str) -> Any:
        """What is at a path, as JSON."""
        connection = HTTPConnection("127.0.0.1", self._stage.port, timeout=30)
        connection.request("GET", path)
        found = json.loads(connection.getresponse().read())
        connection.close()
        return found

    def send(self, path: Path, command: str = "enqueue") -> tuple[float, dict[str, int]]:
        """Send a file by the command line; the seconds until its last row is committed, and the
        most that each kind of process weighed meanwhile, in MiB."""
        with _Weighing(self) as weighing:
            began = time.monotonic()
            sending = subprocess.Popen(
                [sys.executable, "-m", "queuecast", command, str(path), "--json"],
                env={**self._environment, "PYTHONPATH": str(CHECKOUT / "client"),
                     "QUEUECAST_URL": f"http://127.0.0.1:{self._stage.port}"},
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            weighing.client = sending.pid
            said, _ = sending.communicate()
            if sending.returncode:
                raise StartError(f"queuecast {command} ended with {sending.returncode}")
            batch = json.loads(said)
            while batch["status"] not in ("succeeded", "failed"):
                if time.monotonic() > began + ENDS_WITHIN:
                    raise StartError(f"the batch is {batch}")
                time.sleep(0.1)
                batch = self.ask(f"/batches/{batch['batch_id']}")
            took = time.monotonic() - began
        if batch["read"] != batch["succeeded"]:
            raise StartError(f"not every row was scored: {batch}")
        return took, weighing.most

    def _is_ready(self) -> bool:
        try:
            return bool(self.ask("/readyz")["status"] == "ready")
        except OSError:
            return False


class _Weighing:
    """The most that each kind of process weighs in a block."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.client: int | None = None
        self.most: dict[str, int] = {}

    def __enter__(self) -> _Weighing:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            children = psutil.Process(self._service.worker.process.pid).children(recursive=True)
            kinds = {"gateway": [self._service.gateway.process.pid]}
            kinds["worker child"] = [child.pid for child in children]
            kinds["client"] = [] if self.client is None else [self.client]
            for kind, pids in kinds.items():
                for pid in pids:
                    self._note(kind, pid)

    def _note(self, kind: str, pid: int) -> None:
        try:
            held = psutil.Process(pid).memory_info().rss // MIB
        except psutil.NoSuchProcess:
            return
        self.most[kind] = max(self.most.get(kind, 0), held)
