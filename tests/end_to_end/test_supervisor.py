"""`make run` when something ends that should not: a part, the supervisor itself, its terminal."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local.ports import free_port
from shared.settings import CHECKOUT
from tests.end_to_end.make_run import COMMAND, left_of, running
from tests.system import INHERITED, Client, wait_for

# Nothing listens there: who asks by way of this proxy gets no answer.
PROXY = "http://127.0.0.1:9"
PROXIES = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), PROXY)
WATCHDOG = "-m local.watchdog"


def holds_the_lock(redis: psutil.Process, data: Path) -> bool:
    """Whether no other run can start on this folder while this Redis lives."""
    return str(data / "run.lock") in [file.path for file in redis.open_files()]


def test_what_dies_comes_back(tmp_path: Path) -> None:
    """Each is named once with its pause, which grows; it serves again with what it had; and all
    of it can be stopped as before."""
    data = tmp_path / "data"
    with running(data, tmp_path / "log") as run:
        assert run.client.predict(1).status == 200
        before = run.children()
        assert holds_the_lock(before["redis"], data)
        assert set(before) == {"redis", "-m worker", "-m api", WATCHDOG}
        pools = before["-m worker"].children()
        for process in before.values():
            process.kill()

        def all_are_back() -> bool:
            now = run.children()
            return set(now) == set(before) and not set(now.values()) & set(before.values())

        wait_for(all_are_back, 20, "every part runs again")
        wait_for(run.client.ready, 20, "all is ready again")
        assert not [p for p in pools if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        for name in ("the worker", "the gateway", "Redis"):
            (line,) = run.said(f"{name} ")
            assert "was ended by SIGKILL" in line and line.endswith("it starts again in 1 s")
        # Ready by the sign of life that the worker before left in Redis; this one may still load.
        assert run.client.predict(2, prefer="wait=20").status == 200
        assert [row["observation_id"] for row in run.client.rows()] == [1, 2]
        assert holds_the_lock(run.children()["redis"], data)
        run.children()["-m worker"].terminate()
        line = wait_for(lambda: run.said("the worker ended with exit code 0"), 20, "it is said")[0]
        assert line.endswith("it starts again in 2 s")
        # In the middle of the pause.
        os.kill(run.part.process.pid, signal.SIGINT)
        assert run.part.process.wait(25) == 0
        assert not left_of(data)


def test_a_part_that_refuses_its_settings_later(tmp_path: Path, artifacts: Path) -> None:
    """What is wrong with the settings does not mend itself: everything ends."""
    model = tmp_path / "model"
    shutil.copytree(artifacts, model)
    with running(tmp_path / "data", tmp_path / "log", MODEL_DIR=str(model)) as run:
        (model / "columns.json").unlink()
        run.children()["-m worker"].kill()
        assert run.part.process.wait(25) == 1
        assert len(run.said("lacks columns.json")) == 1
        assert not left_of(tmp_path / "data")


def test_nothing_outlives_the_supervisor(tmp_path: Path) -> None:
    """SIGKILL to it alone ends all the rest; the next start finds what there was."""
    data = tmp_path / "data"
    with running(data, tmp_path / "1.log") as run:
        assert run.client.predict(1).status == 200
        assert len(left_of(data)) >= 6  # all five, and a process that scores
        run.part.process.kill()
        wait_for(lambda: not left_of(data), 5, "nothing is left")
    with running(data, tmp_path / "2.log") as run:
        assert [row["observation_id"] for row in run.client.rows()] == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux only does that")
def test_nothing_outlives_supervisor_and_watchdog(tmp_path: Path) -> None:
    """Who kills every process of a name kills both."""
    data = tmp_path / "data"
    with running(data, tmp_path / "log") as run:
        watchdog = run.children()[WATCHDOG]
        watchdog.suspend()
        run.part.process.kill()
        wait_for(lambda: left_of(data) == [watchdog], 5, "only the watchdog is left")
        watchdog.kill()


@contextmanager
def in_terminal(data: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The supervisor, started from a terminal of its own, and that terminal's other end."""
    ours, terminal = os.openpty()
    begin = (
        "import fcntl, os, sys, termios\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "os.execv(sys.executable, sys.argv[1:])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", begin, *COMMAND],
        stdin=terminal, stdout=terminal, stderr=terminal, cwd=CHECKOUT, start_new_session=True,
        env={**INHERITED, "DATA_DIR": str(data), "PORT": str(port)},
    )  # fmt: skip
    os.close(terminal)
    os.set_blocking(ours, False)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        for left in left_of(data):
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()


def test_a_closed_terminal(tmp_path: Path) -> None:
    """All is stopped as by Ctrl-C, though nobody can be told any more."""
    data = tmp_path / "data"
    port = free_port()
    with in_terminal(data, port) as (process, terminal):
        printed = b""

        def greeted() -> bool:
            nonlocal printed
            with contextlib.suppress(BlockingIOError):
                printed += os.read(terminal, 65536)
            return b"ready on" in printed

        wait_for(greeted, 60, "it is ready")
        assert Client(port).predict(1).status == 200
        os.close(terminal)
        assert process.wait(25) == 0
        assert not left_of(data)


def test_proxies_of_the_environment(tmp_path: Path) -> None:
    """It asks itself without them, and what it gives to try works in that same shell."""
    with running(tmp_path / "data", tmp_path / "log", **PROXIES) as run:
        assert set(run.try_curl(**PROXIES)) == {"proba"}
