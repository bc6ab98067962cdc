"""The images run: migrated, asked for a prediction and an update, healthy, stopped by SIGTERM."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import psutil

from local.part import Part
from local.ports import free_port
from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from shared.errors import StartError
from tests.deployment.files import COMPOSE
from tests.images.container import Container, stop
from tests.system import FIRST_PASSENGER, FIRST_PROBA, INHERITED, Client

# In seconds, as the contract has it.
STOPS_WITHIN = 25.0
_READY_WITHIN = 90.0


def check(containers: dict[str, Container], folder: Path, say: Callable[[str], None]) -> None:
    """Run gateway and worker from their images as the compose file does.

    Raises:
        StartError: something is not as it should be; with the end of the process's log.
    """
    with ExitStack() as running:
        servers = running.enter_context(_servers(folder))
        port = free_port()
        gateway, worker = containers["gateway"], containers["worker"]
        variables = {**servers, "HOST": "127.0.0.1", "PORT": str(port)}
        _succeeds(gateway, COMPOSE["services"]["migrate"]["command"], variables, "the migration")
        say("the database is migrated from the gateway's image")
        log = running.enter_context((folder / "parts.log").open("wb+"))
        parts = {}
        for name, container in containers.items():
            parts[name] = container.start(variables if name == "gateway" else servers, log)
            running.callback(parts[name].kill)
        client = Client(port)
        try:
            parts["gateway"].wait_until(client.ready, _READY_WITHIN)
            say("gateway and worker are ready")
            _ask(client)
            say("a prediction, a duplicate and a label are answered as the README says")
            _succeeds(gateway, gateway.health_check, variables, "the gateway's health check")
            _succeeds(worker, worker.health_check, servers, "the worker's health check")
            say("both health checks are content")
            for name, part in parts.items():
                _stops(name, part)
            say("both stop with SIGTERM as process 1, with exit code 0")
            _fails(gateway, gateway.health_check, variables, "the gateway's health check")
            _fails(worker, worker.health_check, servers, "the worker's health check")
            say("both health checks complain of those that have stopped")
        except (StartError, AssertionError) as error:
            raise StartError(f"{error}\n{_end_of(log)}") from error


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, str]]:
    """A real PostgreSQL and a real Redis; where they are, as settings."""
    postgres = PostgresServer(INHERITED)
    try:
        redis = RedisServer(folder / "redis", INHERITED)
        try:
            yield {
                "DATABASE_URL": postgres.create_database("queuecast"), "REDIS_URL": redis.url,
            }  # fmt: skip
        finally:
            redis.part.kill()
    finally:
        postgres.remove()


def _ask(client: Client) -> None:
    first, again = client.predict(0), client.predict(0)
    assert abs(first.json["proba"] - FIRST_PROBA) < 1e-9, first
    assert again.json == {**first.json, "error": 'Observation ID: "0" already exists'}, again
    label = client.update(0, 1)
    assert (label.json["proba"], label.json["true_class"]) == (first.json["proba"], 1), label
    assert json.loads(label.json["observation"])["observation"] == FIRST_PASSENGER, label


def _succeeds(
    container: Container, command: list[str], variables: dict[str, str], what: str
) -> None:
    done = container.run(command, variables)
    if done.returncode != 0:
        raise StartError(f"{what} failed: {(done.stdout + done.stderr).strip()}")


def _fails(container: Container, command: list[str], variables: dict[str, str], what: str) -> None:
    if container.run(command, variables).returncode == 0:
        raise StartError(f"{what} is content with what has stopped")


def _stops(name: str, part: Part) -> None:
    (first,) = psutil.Process(part.process.pid).children()
    code = stop(part, STOPS_WITHIN)
    assert code == 0, f"the {name}, process {first.pid}, ended with {code}"


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")[-3000:]


def size(root: Path) -> int:
    """The bytes of all files below a folder, those of its mounts left out."""
    return sum(
        path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink()
    )
