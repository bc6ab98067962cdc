"""What one contender is given for its turn: a port, an empty database, an empty Redis."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg2
import redis

from bench.interruption import uninterrupted
from local.ports import free_port
from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from shared.settings import ENVIRONMENT, SETTINGS

# The developer's settings must not reach a contender, nor this interpreter's paths a peer's.
_LEFT_OUT = {setting.name for setting in SETTINGS} | {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
# One thread for each process that scores: the contenders run as many processes as there are cores.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def clean_environment() -> dict[str, str]:
    """The environment that every process of a run gets."""
    kept = {name: value for name, value in ENVIRONMENT.items() if name not in _LEFT_OUT}
    return {**kept, **_ONE_THREAD}


@dataclass(frozen=True, slots=True)
class Stage:
    """The surroundings of one turn; `log` is a file that its processes write to."""

    port: int
    database_url: str
    redis_url: str
    folder: Path
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the contender's processes."""
        return {
            **clean_environment(),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.folder),
        }


class Servers:
    """The PostgreSQL (durable, as by default) and the Redis that all turns of a run share."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._numbers = itertools.count(1)
        self._end = ExitStack()

    def __enter__(self) -> Servers:
        self._logs.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()
        try:
            self._start(clean_environment())
        except BaseException:
            self._end.close()
            raise
        return self

    def _start(self, environment: Mapping[str, str]) -> None:
        with uninterrupted():
            self._folder = Path(tempfile.mkdtemp(prefix="queuecast-bench-"))
            self._end.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._redis = RedisServer(self._folder / "redis", environment)
            self._end.callback(self._redis.part.kill)
            self._postgres = PostgresServer(environment)
            self._end.callback(self._postgres.remove)

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._end.close()

    def stage(self, name: str) -> Stage:
        """Everything empty, and nothing of the turn before left to be written to the disk."""
        number = next(self._numbers)
        client = redis.Redis.from_url(self._redis.url)
        client.flushall()
        client.close()
        database_url = self._postgres.create_database(f"{name}_{number}")
        self._execute("CHECKPOINT")
        folder = self._folder / f"{name}_{number}"
        folder.mkdir()
        return Stage(free_port(), database_url, self._redis.url, folder, self._logs / f"{name}.log")

    def clear(self, stage: Stage) -> None:
        """Drop the turn's database and folder."""
        name = stage.database_url.rsplit("/", 1)[1]
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(stage.folder, ignore_errors=True)

    def versions(self) -> dict[str, str]:
        """The versions of both servers."""
        client = redis.Redis.from_url(self._redis.url)
        info = client.info("server")
        client.close()
        found = str(info.get("valkey_version") or info["redis_version"])
        return {"postgresql": self._execute("SHOW server_version"), "redis": found}

    def _execute(self, statement: str) -> str:
        connection = psycopg2.connect(self._postgres.url())
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return str((cursor.fetchone() or ("",))[0]) if cursor.description else ""
        finally:
            connection.close()
