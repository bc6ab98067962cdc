"""Heroku, as far as the app can tell: its variables, its release step, its way to stop."""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from local.part import Part
from local.ports import free_port
from tests.deployment.files import APP, HEROKU
from tests.deployment.image import Image
from tests.system import Client, wait_for

# Heroku's grace after SIGTERM, in seconds.
KILLED_AFTER = 30


@dataclass
class Heroku:
    """An app on it. `images` are by process type; the URLs are those of its add-ons."""

    images: dict[str, Image]
    database_url: str
    redis_url: str
    log: Path
    config: dict[str, str] = field(default_factory=dict)
    dynos: list[Part] = field(default_factory=list)

    def beside(self, **config: str) -> Heroku:
        """Another release of the same app, on the same add-ons; nothing of it runs yet."""
        other = Heroku(self.images, self.database_url, self.redis_url, self.log)
        other.config.update(config)
        return other

    def __post_init__(self) -> None:
        for name, entry in APP["env"].items():
            secret = secrets.token_hex(32)
            self.config[name] = secret if entry.get("generator") == "secret" else entry["value"]
        self.config["DATABASE_URL"] = self.database_url
        self.config["REDIS_URL"] = self.redis_url

    def release(self) -> tuple[int, str]:
        """The release step's exit code and what it said."""
        (command,) = HEROKU["release"]["command"]
        image = self.images[HEROKU["release"]["image"]]
        done = image.run(shlex.split(command), self.config)
        return done.returncode, done.stdout + done.stderr

    def start_web(self, **more: str) -> Client:
        """Start a web dyno and wait until it is up."""
        port = free_port()
        client = Client(port, {"Authorization": f"Bearer {self.config['API_KEY']}"})
        self._start("web", {"PORT": str(port), **more}).wait_until(client.alive, 60)
        return client

    def start_worker(self) -> Part:
        """Start a worker dyno."""
        return self._start("worker", {})

    def start(self) -> Client:
        """Start both, and wait until all of it is ready."""
        self.start_worker()
        client = self.start_web()
        wait_for(client.ready, 60, "the app is ready")
        return client

    def stop(self) -> dict[str, int | None]:
        """SIGTERM to every process of every dyno at once; the exit code of each dyno, which is
        None when it had to be killed after 30 s."""
        running = [dyno for dyno in self.dynos if dyno.exit_code is None]
        self.dynos.clear()
        for dyno in running:
            os.killpg(dyno.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + KILLED_AFTER
        return {dyno.name: _ended(dyno, deadline) for dyno in running}

    def _start(self, kind: str, more: dict[str, str]) -> Part:
        command = shlex.split(HEROKU["run"][kind])
        with self.log.open("ab") as log:
            dyno = self.images[kind].start(kind, command, {**self.config, **more}, log)
        self.dynos.append(dyno)
        return dyno


def _ended(dyno: Part, deadline: float) -> int | None:
    try:
        return dyno.process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    finally:
        dyno.kill()
