"""The health checks of the compose file and of the images, carried out on running parts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import redis

from local.ports import free_port
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


def check_in(heroku: Heroku, kind: str, **more: str) -> tuple[int, str]:
    """The exit code of an image's own check inside it, and what it says."""
    image = heroku.images[kind]
    options, command = image.dockerfile.health_check
    assert set(options) == {"interval", "timeout", "start-period"}
    done = image.run(command, {**heroku.config, **more})
    return done.returncode, done.stdout + done.stderr


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
    """The check passes while the gateway answers, and otherwise says that it does not."""
    assert check_in(heroku, "web", PORT=str(web.address[1])) == (0, "")
    code, said = check_in(heroku, "web", PORT=str(free_port()))
    assert code == 1
    assert said == "queuecast: the gateway does not answer: [Errno 111] Connection refused\n"


def test_worker_health(heroku: Heroku, web: Client) -> None:
    """The check passes while a worker of this machine says that its model is loaded."""
    assert check_in(heroku, "worker") == (0, "")
    elsewhere = f"{heroku.redis_url}/1"
    said = "queuecast: no worker of this machine has loaded its model\n"
    assert check_in(heroku, "worker", REDIS_URL=elsewhere) == (1, said)
    code, said = check_in(heroku, "worker", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert (code, said.splitlines()[-1]) == (1, "queuecast: the database does not answer")
    assert "Traceback" not in said
