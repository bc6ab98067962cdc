"""Real servers for the tests: one Redis and one PostgreSQL a session, a database for each user."""

from __future__ import annotations

import csv
import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from shared.settings import CHECKOUT
from tests import seed
from tests.dealing import Dealing, place_of
from tests.system import INHERITED, Client, System

_names = itertools.count(1)

FEATURES = ("Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Cabin", "Embarked")
_WHOLE = {"Pclass", "SibSp", "Parch"}
_FRACTION = {"Age", "Fare"}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A suite that was started with `nohup` has SIGHUP ignored, and so would all that it starts."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.pluginmanager.register(seed, "seed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Dealing:
    """Several processes share the tests as `tests.dealing` says."""
    return Dealing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first."""
    items.sort(key=lambda item: place_of(item.nodeid))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The images' tests say plainly which Python they ran on, when it is not the images'."""
    from tests.deployment.files import GATEWAY
    from tests.deployment.image import stand_in

    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    if any("tests/deployment/" in getattr(report, "nodeid", "") for report in reports):
        said = stand_in(GATEWAY)
        if said:
            terminalreporter.write_line(said, yellow=True)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that all tests share; each system has a database number of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), INHERITED)
    yield server
    server.part.kill()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that all tests share; each system has a database of its own."""
    server = PostgresServer(INHERITED)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def new_redis_url(redis_server: RedisServer) -> Callable[[], str]:
    """URLs of empty Redis databases."""
    numbers = itertools.cycle(range(1, 16))

    def make() -> str:
        url = redis_server.url.removesuffix("/0") + f"/{next(numbers)}"
        client = redis.Redis.from_url(url)
        client.flushdb()
        client.close()
        return url

    return make


@pytest.fixture(scope="session")
def new_database_url(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """URLs of empty databases: `make("sqlite")` or `make("postgres")`."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'predictions.db'}"
        return postgres_server.create_database(f"test_{next(_names)}")

    return make


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, new_database_url: Callable[[str], str]) -> str:
    """An empty database of each kind."""
    return new_database_url(request.param)


@pytest.fixture(scope="module")
def system(
    database_url: str, new_redis_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """One gateway and one worker, on SQLite and on PostgreSQL; shared by a module's tests."""
    running = System(database_url, new_redis_url(), tmp_path_factory.mktemp("system"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def on_postgres(
    new_database_url: Callable[[str], str], new_redis_url: Callable[[], str], tmp_path: Path
) -> System:
    """A system on an empty PostgreSQL database, not started."""
    return System(new_database_url("postgres"), new_redis_url(), tmp_path)


@pytest.fixture
def client(system: System) -> Client:
    """Talks to the system's gateway."""
    return system.client


def passengers(name: str) -> list[tuple[int, dict[str, Any], int]]:
    """The passengers of a file: id, observation, true class. Gaps are nulls."""
    with (CHECKOUT / "artifacts" / "data" / name).open(newline="") as file:
        return [
            (int(p["PassengerId"]), {f: _value(f, p[f]) for f in FEATURES}, int(p["Survived"]))
            for p in csv.DictReader(file)
        ]


def _value(feature: str, text: str) -> Any:
    if text == "":
        return None
    if feature in _WHOLE:
        return int(text)
    return float(text) if feature in _FRACTION else text


@pytest.fixture(scope="session")
def training_passengers() -> list[tuple[int, dict[str, Any], int]]:
    """The 891 passengers that the model was fitted on."""
    return passengers("titanic_train.csv")


@pytest.fixture(scope="session")
def stream_passengers() -> list[tuple[int, dict[str, Any], int]]:
    """The 418 passengers that come through the door."""
    return passengers("titanic_stream.csv")


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """The shipped model's folder."""
    return CHECKOUT / "artifacts"
