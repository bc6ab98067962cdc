"""Passwords with signs that mean something in a URL: they work, and no process ever tells one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg2
import pytest
import redis

from local.part import Part
from local.ports import free_port
from local.postgres_server import PostgresServer
from local.redis_server import RedisServer
from shared.errors import StartError
from shared.settings import CHECKOUT
from tests.system import INHERITED, Client, System, wait_for

# Between any two signs stands this, so that no part of the password can be told unnoticed.
MARK = "Zq"
PASSWORD = "Zqa/Zqb@Zqc Zqd%Zqe?Zqf#Zqg:Zqh+Zqi'Zqj"
# As somebody writes it who escapes nothing; without the signs that a URL cannot hold.
BARE = "Zqb@Zqc Zqd%Zqe:Zqh+Zqi'Zqj"
ESCAPED = quote(PASSWORD, safe="")
USER = "keeper"


@dataclass(frozen=True)
class Servers:
    """Where the database and Redis are, for a user who must give a password."""

    database: str
    queue: str
    admin: redis.Redis
    postgres: PostgresServer

    def set_passwords(self, database: str, queue: str) -> None:
        """Give the two users these, and end what they have connected."""
        with psycopg2.connect(self.postgres.url()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"ALTER ROLE {USER} LOGIN PASSWORD %s", (database,))
            connection.commit()
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (USER,)
            )
        connection.close()
        self.admin.acl_setuser(
            USER, enabled=True, reset=True, passwords=[f"+{queue}"], keys=["*"],
            channels=["*"], categories=["+@all"],
        )  # fmt: skip
        self.admin.client_kill_filter(_type="normal", skipme=True, user=USER)


@pytest.fixture
def servers(
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
) -> Iterator[Servers]:
    """An empty database that `USER` owns, and an empty Redis."""
    place = urlsplit(new_database_url("postgres"))
    with psycopg2.connect(postgres_server.url()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE ROLE {USER}")
        cursor.execute(f'ALTER DATABASE "{place.path[1:]}" OWNER TO {USER}')
    connection.close()
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"host all {USER} 127.0.0.1/32 scram-sha-256\n{before}")
    _reload(postgres_server)
    admin: redis.Redis = redis.Redis.from_url(redis_server.url)
    number = urlsplit(new_redis_url()).path
    yield Servers(
        f"postgresql://{USER}@127.0.0.1:{place.port}{place.path}",
        f"redis://{USER}@127.0.0.1:{redis_server.port}{number}",
        admin,
        postgres_server,
    )
    rules.write_text(before)
    _reload(postgres_server)
    admin.acl_deluser(USER)
    admin.close()
    with psycopg2.connect(postgres_server.url()) as connection:
        cursor = connection.cursor()
        cursor.execute(f'ALTER DATABASE "{place.path[1:]}" OWNER TO CURRENT_USER')
    connection.close()
    with psycopg2.connect(postgres_server.url(place.path[1:])) as connection:
        cursor = connection.cursor()
        cursor.execute(f"REASSIGN OWNED BY {USER} TO CURRENT_USER")
        cursor.execute(f"DROP OWNED BY {USER}")
        cursor.execute(f"DROP ROLE {USER}")
    connection.close()


def _reload(server: PostgresServer) -> None:
    with psycopg2.connect(server.url()) as connection:
        connection.cursor().execute("SELECT pg_reload_conf()")
    connection.close()


def test_they_work_and_are_never_told(servers: Servers, tmp_path: Path) -> None:
    """Not while all is well, not when they stop being right, at no level of the log."""
    servers.set_passwords(PASSWORD, BARE)
    database = servers.database.replace(USER, f"{USER}:{ESCAPED}", 1)
    queue = servers.queue.replace(USER, f"{USER}:{BARE}", 1)
    system = System(database, queue, tmp_path, settings={"LOG_LEVEL": "DEBUG"})
    try:
        client = system.start().client
        assert client.predict("before").status == 200
        servers.set_passwords("another", "another")
        answer = wait_for(
            lambda: a if (a := client.get("/readyz")).status == 503 else None, 15, "it is noticed"
        )
        answers = [answer, client.predict("refused"), client.get("/list-db-contents")]
        wait_for(lambda: "invalid username-password" in system.log(), 15, "Redis is asked")
        wait_for(lambda: "password authentication failed" in system.log(), 15, "and the database")
        servers.set_passwords(PASSWORD, BARE)
        wait_for(lambda: client.predict("after").status == 200, 20, "it works again")
    finally:
        system.stop()
    for answer in answers:
        assert answer.status >= 500
        assert MARK not in answer.body.decode()
    assert MARK not in system.log()


PROCESSES = {
    "gateway": ["api"],
    "worker": ["worker"],
    "make run": ["local"],
    "migrate": ["shared.db.migrate"],
    "dead letters": ["shared.dead_letters", "list"],
}


# What the two URLs are, with the place of the right one; none is the right one.
SITUATIONS: dict[str, tuple[str | None, str | None]] = {
    "both are away": (
        f"postgresql://{USER}:{ESCAPED}@127.0.0.1:1/none",
        f"redis://{USER}:{ESCAPED}@127.0.0.1:1/0",
    ),
    "another password": (f"postgresql://{USER}:{BARE}@{{place}}", None),
    "another password of Redis": (None, f"redis://{USER}:{ESCAPED}@{{place}}"),
    "another password in the query": (
        f"postgresql://{{place}}?user={USER}&password={ESCAPED}",
        None,
    ),
    "another scheme": (f"mysql://{USER}:{PASSWORD}@{{place}}", None),
    "another scheme of Redis": (None, f"http://{USER}:{PASSWORD}@{{place}}"),
    "nothing that can be read": (f"postgresql://{USER}:{PASSWORD}@{{place}}", None),
    "nothing that can be read of Redis": (None, f"redis://{USER}:{PASSWORD}@{{place}}"),
    "a sign that nobody takes": (f"postgresql://{USER}:{MARK}%00{MARK}@{{place}}", None),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_refusal_tells_it(servers: Servers, tmp_path: Path, situation: str) -> None:
    """Whatever is wrong with the servers or their URLs: each process ends with its line, or goes
    on without them, and shows no part of the password and no traceback."""
    servers.set_passwords("right", "right")
    environment = {}
    names = ("DATABASE_URL", "REDIS_URL")
    places = (servers.database, servers.queue)
    for name, right, url in zip(names, places, SITUATIONS[situation], strict=True):
        wrong = url and url.format(place=right.rpartition("@")[2])
        environment[name] = wrong or right.replace(USER, f"{USER}:right", 1)
    said = _said(environment, tmp_path)
    told = {name: text for name, text in said.items() if MARK in text}
    assert told == {}
    assert {name: text for name, text in said.items() if "Traceback" in text} == {}
    assert said["make run"].startswith("queuecast: ")


def _said(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """What each process says in this environment, until it ends or goes on without its servers."""
    started = []
    try:
        for name, arguments in PROCESSES.items():
            own = folder / name
            own.mkdir(parents=True)
            port = free_port()
            variables = {
                **INHERITED, **environment, "PORT": str(port), "DATA_DIR": str(own),
                "LOG_LEVEL": "DEBUG",
            }  # fmt: skip
            with (own / "said").open("ab") as log:
                command = [sys.executable, "-m", *arguments]
                part = Part(name, command, variables, log, CHECKOUT)
            started.append((part, own / "said", Client(port)))
        for part, said, client in started:
            with contextlib.suppress(StartError):  # it has ended
                part.wait_until(lambda s=said, c=client: _goes_on(s.read_text(), c), 30)  # type: ignore[misc]
    finally:
        for part, _, _ in started:
            part.kill()
    return {part.name: said.read_text() for part, said, _ in started}


def _goes_on(said: str, client: Client) -> bool:
    """Whether it waits for a server, and says so: to its log, or to whoever asks."""
    if "trying again" in said or " ready." in said:
        return True
    try:
        answer = client.get("/readyz")
    except OSError:
        return False
    assert MARK not in answer.body.decode()
    return answer.status in (200, 503)
