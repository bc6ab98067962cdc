"""The images and a Redis as the compose file starts it, behind TLS as on Heroku."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from local.part import Part
from local.ports import free_port
from local.redis_server import find_server
from shared.settings import CHECKOUT
from tests.deployment.files import GATEWAY, WORKER, service
from tests.deployment.heroku import Heroku
from tests.deployment.image import Image
from tests.system import INHERITED, Client

HERE = CHECKOUT / "tests" / "deployment"


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    """What the Dockerfiles build, by Heroku's process type."""
    folder = tmp_path_factory.mktemp("images")
    with ThreadPoolExecutor(2) as pool:
        building = {
            "web": pool.submit(Image, GATEWAY, folder / "web"),
            "worker": pool.submit(Image, WORKER, folder / "worker"),
        }
    return {kind: image.result() for kind, image in building.items()}


@pytest.fixture(scope="session")
def composed_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """A Redis started with the compose file's own arguments, on a free port."""
    port = free_port()
    folder = tmp_path_factory.mktemp("composed-redis")
    arguments = service("redis")["command"][1:]
    command = [
        find_server(), *arguments, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)
    ]  # fmt: skip
    with (folder / "server.log").open("ab") as log:
        server = Part("Redis", command, INHERITED, log)
    client = redis.Redis(host="127.0.0.1", port=port, decode_responses=True)
    try:
        server.wait_until(lambda: _answers(client), 10)
        yield client
    finally:
        client.close()
        server.kill()


@pytest.fixture(scope="session")
def tls_redis_url(
    composed_redis: redis.Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The same Redis behind a certificate that nobody vouches for."""
    port = free_port()
    at = str(composed_redis.connection_pool.connection_kwargs["port"])
    command = [sys.executable, str(HERE / "tls_front.py"), str(HERE), str(port), at]
    password = secrets.token_urlsafe(16)
    composed_redis.acl_setuser(
        "heroku", enabled=True, passwords=[f"+{password}"], keys=["*"], channels=["*"],
        categories=["+@all"],
    )  # fmt: skip
    url = f"rediss://heroku:{password}@127.0.0.1:{port}"
    client = redis.Redis.from_url(url, ssl_cert_reqs="none", ssl_check_hostname=False)
    with (tmp_path_factory.mktemp("tls") / "front.log").open("ab") as log:
        front = Part("TLS", command, INHERITED, log)
    try:
        front.wait_until(lambda: _answers(client), 10)
        yield url
    finally:
        client.close()
        front.kill()


@pytest.fixture(scope="package")
def heroku(
    images: dict[str, Image],
    new_database_url: Callable[[str], str],
    tls_redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Heroku]:
    """An app that is released; what is started on it stops at the end."""
    database_url = new_database_url("postgres").replace("postgresql://", "postgres://")
    log = tmp_path_factory.mktemp("heroku") / "app.log"
    app = Heroku(images, database_url, tls_redis_url, log)
    code, said = app.release()
    assert code == 0, said
    yield app
    app.stop()
    # Shown when a test failed.
    sys.stdout.write(log.read_text())


@pytest.fixture(scope="package")
def web(heroku: Heroku) -> Client:
    """Talks to the app's web dyno, with a worker beside it."""
    return heroku.start()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
