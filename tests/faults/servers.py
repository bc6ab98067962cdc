"""A Redis and a PostgreSQL of our own, to be killed, frozen and emptied."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import psycopg2
import redis

from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from tests.faults import processes
from tests.faults.evidence import query
from tests.faults.small_disk import SmallDisk
from tests.system import INHERITED, wait_for


class Servers:
    """Both servers, for one run of the matrix."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = itertools.count(1)
        # What a play needs beside them, until its system has ended.
        self.beside = ExitStack()
        self.disk: SmallDisk | None = None
        self.redis = RedisServer(folder / "redis", INHERITED)
        try:
            self.postgres = PostgresServer(INHERITED)
        except BaseException:
            self.redis.part.kill()
            raise

    def __enter__(self) -> Servers:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.beside.close()
        with contextlib.suppress(OSError):
            processes.kill(self.redis.part)
        self.postgres.remove()

    def new_database(self) -> str:
        """The URL of an empty database."""
        return self.postgres.create_database(f"faults_{next(self._names)}")

    def redis_client(self) -> redis.Redis:
        """A client of the Redis, to be closed by whoever asked for it."""
        return redis.Redis.from_url(self.redis.url, socket_timeout=5)

    def flush_redis(self, lists: Sequence[str] = ()) -> int:
        """FLUSHALL: everything that Redis holds is gone. How many messages these lists held."""
        client = self.redis_client()
        try:
            # In one step, so that these are the messages that were destroyed.
            pipeline = client.pipeline(transaction=True)
            for each in lists:
                pipeline.llen(each)
            pipeline.flushall()
            return sum(pipeline.execute()[:-1])
        finally:
            client.close()

    def waiting(self, lists: Sequence[str]) -> int:
        """How many messages wait on these lists of Redis together."""
        client = self.redis_client()
        try:
            return sum(client.llen(each) for each in lists)
        finally:
            client.close()

    @contextmanager
    def without_redis(self, empty: bool) -> Iterator[None]:
        """Redis is killed, and afterwards started again, `empty` or with its file."""
        processes.kill(self.redis.part)
        try:
            if empty:
                shutil.rmtree(self.redis.folder / "appendonlydir")
            yield
        finally:
            self.redis.start_again()

    @contextmanager
    def redis_frozen(self) -> Iterator[None]:
        """Redis is stopped in the middle of whatever it does; its connections stay open."""
        with processes.frozen(processes.tree(self.redis.part)):
            yield

    @contextmanager
    def without_postgres(self, kill: bool) -> Iterator[None]:
        """PostgreSQL is shut down, or killed with all its backends, and started again."""
        if kill:
            processes.kill(self.postgres.part)
        else:
            self.postgres.stop()
        try:
            yield
        finally:
            self.postgres.start_again()

    @contextmanager
    def postgres_frozen(self) -> Iterator[None]:
        """Every process of PostgreSQL is stopped; its connections stay open."""
        with processes.frozen(processes.tree(self.postgres.part)):
            yield

    def cut_connections(self, database_url: str) -> int:
        """pg_terminate_backend on everything that is connected to a database."""
        found = query(
            self.postgres.url(),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (_name(database_url),),
        )
        return len(found)

    @contextmanager
    def storing_held(self, database_url: str, waiting: int) -> Iterator[None]:
        """Nobody can store a prediction in this block, and it begins when so many are about to:
        their groups are scored, and not committed."""
        connection = psycopg2.connect(database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE prediction IN SHARE MODE")
            waits = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = %s AND wait_event_type = 'Lock'"
            )
            values = (_name(database_url),)
            wait_for(
                lambda: query(self.postgres.url(), waits, values)[0][0] >= waiting,
                10, f"{waiting} groups wait to be stored",
            )  # fmt: skip
            yield
        finally:
            connection.close()

    @contextmanager
    def locked(self, database_url: str, table: str, mode: str) -> Iterator[None]:
        """Somebody else holds a lock on a table in this block."""
        connection = psycopg2.connect(database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f'LOCK TABLE "{table}" IN {mode} MODE')
            yield
        finally:
            connection.close()

    @contextmanager
    def read_only(self, database_url: str) -> Iterator[None]:
        """The database takes no writes, as a failed-over primary or a full disk would not."""
        alter = f'ALTER DATABASE "{_name(database_url)}" '
        query(self.postgres.url(), alter + "SET default_transaction_read_only = on")
        self.cut_connections(database_url)
        try:
            yield
        finally:
            query(self.postgres.url(), alter + "RESET default_transaction_read_only")
            # Connections keep what they were opened with, until they are opened anew.
            self.cut_connections(database_url)


def _name(database_url: str) -> str:
    return urlsplit(database_url).path.lstrip("/")
