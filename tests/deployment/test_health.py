"""The compose file's health checks, carried out on running parts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import redis

from local.postgres_server import PostgresServer, find_programs
from local.redis_server import find_server
from tests.deployment.files import service
from tests.deployment.heroku import Heroku
from tests.system import INHERITED, Client


def health(name: str) -> list[str]:
    """A service's health check, as a command."""
    kind, *command = service(name)["healthcheck"]["test"]
    assert kind == "CMD"
    return [str(word) for word in command]


def check_in(heroku: Heroku, kind: str, command: list[str], **more: str) -> int:
    """The exit code of a check inside one of the images."""
    return heroku.images[kind].run(command, {**heroku.config, **more}).returncode


def test_redis_health(composed_redis: redis.Redis) -> None:
    """The check passes while Redis answers with a pong, and not otherwise."""
    program, *arguments = health("redis")
    assert program == "redis-cli"
    beside = Path(find_server()).parent
    client = next((p for p in (beside / "redis-cli", beside / "valkey-cli") if p.is_file()), None)
    assert client is not None, f"no command line of Redis beside {find_server()}"
    port = composed_redis.connection_pool.connection_kwargs["port"]

    def check(at: int) -> int:
        command = [str(client), "-p", str(at), *arguments]
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode

    assert check(port) == 0
    assert check(1) != 0
    composed_redis.config_set("requirepass", "secret")
    try:
        assert check(port) != 0, "an error is no pong"
    finally:
        composed_redis.auth("secret")
        composed_redis.config_set("requirepass", "")


def test_postgres_health(postgres_server: PostgresServer) -> None:
    """The check passes while PostgreSQL takes connections, and not otherwise."""
    program, *arguments = health("postgres")
    found = find_programs() / program
    if not found.is_file():
        pytest.skip(f"this PostgreSQL has no {program}")

    def check(port: int) -> int:
        environment = {**INHERITED, "PGPORT": str(port)}
        command = [str(found), *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=20, check=False
        )
        return done.returncode

    assert check(postgres_server.port) == 0
    assert check(1) != 0


def test_gateway_health(heroku: Heroku, web: Client) -> None:
    """The check passes while the gateway answers, and not otherwise."""
    check = health("api")
    assert check_in(heroku, "web", check, PORT=str(web.address[1])) == 0
    assert check_in(heroku, "web", check, PORT="1") != 0


def test_worker_health(heroku: Heroku, web: Client) -> None:
    """The check passes while a worker of this machine says that its model is loaded."""
    check = health("worker")
    assert check_in(heroku, "worker", check) == 0
    elsewhere = f"{heroku.redis_url}/1"
    assert check_in(heroku, "worker", check, REDIS_URL=elsewhere) == 1
