"""What the suite's fork servers start is as if it had been started from nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import free_port
from shared.errors import REFUSED
from shared.settings import CHECKOUT
from tests.fork_server import ForkedProcess, ForkServer
from tests.system import INHERITED, Client, wait_for


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """What forks gateways."""
    made = ForkServer("api", 1, INHERITED)
    yield made
    made.close()


def start(server: ForkServer, folder: Path, **settings: str) -> ForkedProcess:
    with (folder / "log").open("wb") as log:
        return server.start(["api"], {**INHERITED, **settings}, log, CHECKOUT)


def test_a_refusal(server: ForkServer, tmp_path: Path) -> None:
    """Its exit code and its line are those of a gateway of its own."""
    settings = {"REDIS_URL": "nonsense", "DATA_DIR": str(tmp_path)}
    forked = start(server, tmp_path, **settings)
    assert forked.wait(20) == REFUSED
    done = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=CHECKOUT, env={**INHERITED, **settings}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == REFUSED
    assert (tmp_path / "log").read_bytes() == done.stderr


def test_its_life(server: ForkServer, tmp_path: Path) -> None:
    """It leads a session of its own, serves, stops when it is asked to, and can be killed."""
    port = free_port()
    settings = {
        "REDIS_URL": "redis://127.0.0.1:1", "DATA_DIR": str(tmp_path), "PORT": str(port),
    }  # fmt: skip
    for number, code in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
        forked = start(server, tmp_path, **settings)
        wait_for(Client(port).alive, 20, "it is up")
        assert os.getsid(forked.pid) == forked.pid
        with pytest.raises(subprocess.TimeoutExpired):
            forked.wait(0.1)
        assert forked.poll() is None
        forked.send_signal(number)
        assert forked.wait(20) == code
