"""What HOST may hold: addresses and names of this machine, and what is said of others."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.settings import CHECKOUT
from tests.end_to_end.make_run import refused, running
from tests.system import System


@pytest.mark.parametrize(
    ("host", "shown"),
    [("localhost", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_hosts(tmp_path: Path, host: str, shown: str) -> None:
    """The greeting's URL and its command work."""
    with running(tmp_path / "data", tmp_path / "log", HOST=host) as run:
        assert f"ready on http://{shown}:{run.port};" in run.printed
        assert set(run.try_curl()) == {"proba"}
        assert ("open to the network" in run.printed) is (host == "::")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nowhere.invalid", "HOST=127.0.0.1"),
        ("203.0.113.1", "HOST=127.0.0.1"),
        ("a..b", "HOST=127.0.0.1"),
        ("x86_64-conda-linux-gnu", "conda sets HOST for its compilers; run `HOST=127.0.0.1 make"),
    ],
)
def test_no_address_of_this_machine(tmp_path: Path, host: str, words: str) -> None:
    """One line that names HOST, what it held, and what to do."""
    said = refused(tmp_path / "data", HOST=host)
    assert f"HOST is {host!r}, which is no address of this machine" in said and words in said


# A gateway, without its look at the port before anything is started.
UNCHECKED = """
from api.app import create_app
from api.server.server import serve
from shared.address import listening_address
from shared.errors import StartError
from shared.settings import Settings

settings = Settings.from_environment()
try:
    serve(create_app(settings), settings, listening_address(settings.host, settings.port))
except StartError as error:
    print(error)
"""


def test_a_port_that_is_taken_while_it_starts(
    tmp_path: Path, new_redis_url: Callable[[], str], new_database_url: Callable[[str], str]
) -> None:
    """The gateway ends and says why; what it had begun by then does not keep it."""
    system = System(new_database_url("sqlite"), new_redis_url(), tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [sys.executable, "-c", UNCHECKED],
            cwd=CHECKOUT, env=system.environment(HOST="127.0.0.1", PORT=str(port)),
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
    said = f"HOST is '127.0.0.1' and PORT is {port}, which cannot be listened on"
    assert ran.stdout == f"{said}: Address already in use\n"
