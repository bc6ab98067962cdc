"""The release step, while the servers that it needs are not there yet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.part import Part
from local.postgres_server import PostgresServer
from shared.settings import CHECKOUT
from tests.system import INHERITED, wait_for

COMMAND = [sys.executable, "-m", "shared.db.migrate"]


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that a test may stop."""
    server = PostgresServer(INHERITED)
    yield server
    server.remove()


def test_a_database_that_comes_late(own_postgres: PostgresServer, tmp_path: Path) -> None:
    """With a wait, the schema is made as soon as the database answers."""
    environment = {**INHERITED, "DATABASE_URL": own_postgres.url()}
    own_postgres.stop()
    said = tmp_path / "release.log"
    with said.open("ab") as log:
        release = Part("release", [*COMMAND, "--wait", "60"], environment, log)
    try:
        wait_for(lambda: "trying again" in said.read_text(), 20, "it has tried")
        assert release.process.poll() is None
        own_postgres.start_again()
        wait_for(lambda: release.exit_code is not None, 30, "it has ended")
    finally:
        release.kill()
    assert release.exit_code == 0, said.read_text()
    assert "the schema is now at" in said.read_text()


def test_a_database_that_never_comes(own_postgres: PostgresServer) -> None:
    """Without a wait it is tried once; the last line says that it does not answer."""
    url = own_postgres.url()
    own_postgres.stop()
    code, said = _release({"DATABASE_URL": url})
    assert code == 1
    assert "trying again" not in said
    assert said.splitlines()[-1].startswith("queuecast: the database")


def test_a_dyno_whose_database_is_not_ready_yet(tmp_path: Path) -> None:
    """Heroku names the database once it is ready. Until then a dyno keeps nothing in a file, which
    would be lost with it; anywhere else a file is what is meant."""
    code, said = _release({"DYNO": "release.1234", "DATA_DIR": str(tmp_path)})
    assert code == 1
    assert said.startswith("queuecast: DATABASE_URL is not set, and what a dyno keeps in a file")
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
    assert _release({"DATA_DIR": str(tmp_path)})[0] == 0


@pytest.mark.parametrize("module", ["api", "worker"])
def test_a_dyno_whose_redis_is_not_ready_yet(module: str, tmp_path: Path) -> None:
    """Neither part of it starts, and the line says what to wait for."""
    environment = {"DYNO": "web.1", "DATABASE_URL": f"sqlite:///{tmp_path / 'any.sqlite3'}"}
    code, said = _run([sys.executable, "-m", module], environment)
    assert code != 0
    assert said.splitlines()[-1].startswith("queuecast: REDIS_URL is not set")
    assert "heroku addons:wait" in said


@pytest.mark.parametrize("wait", ["-1", "soon", "nan", "3601"])
def test_a_wait_that_is_none(wait: str) -> None:
    """It is refused, and what is allowed is said."""
    code, said = _run([*COMMAND, "--wait", wait], {})
    assert code == 2
    assert f"'{wait}' is not 0 to 3600 seconds" in said


def _release(environment: dict[str, str]) -> tuple[int, str]:
    return _run(COMMAND, environment)


def _run(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=CHECKOUT, env={**INHERITED, **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr
