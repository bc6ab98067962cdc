"""A worker's parent process uses SQLite on threads, and forks children that use it as well."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from shared.db.engine import connect
from shared.db.migrate import migrate

# What this is about.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def _write(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO lease VALUES ('a', 'b', 'c') ON CONFLICT DO NOTHING")


def _write_in_child(url: str) -> None:
    connect(url, connections=1, wait=3.0).write(_write)


def test_a_process_that_is_forked_beside_a_transaction(tmp_path: Path) -> None:
    """It can write. SQLite keeps in memory which locks this process has, and a child that was
    forked in the middle of a transaction would take them for its own for ever."""
    url = f"sqlite:///{tmp_path / 'predictions.db'}"
    database = connect(url, connections=1, wait=10.0)
    migrate(database)
    is_begun, is_about_to_fork, has_forked = (threading.Event() for _ in range(3))

    def hold(connection: Connection) -> None:
        _write(connection)
        is_begun.set()
        assert is_about_to_fork.wait(10)
        has_forked.wait(0.5)  # which it should not

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(database.write, hold)
        assert is_begun.wait(10)
        process = multiprocessing.get_context("fork").Process(target=_write_in_child, args=(url,))
        is_about_to_fork.set()
        process.start()
        has_forked.set()
        holding.result(10)
    process.join(20)
    assert process.exitcode == 0
    database.write(_write)
    database.close()


def test_connections_do_not_outlive_a_fork(tmp_path: Path) -> None:
    """An idle connection is closed before, and opened anew after: the child must not count on the
    locks of a file that only its parent has."""
    database = connect(f"sqlite:///{tmp_path / 'predictions.db'}", connections=1, wait=10.0)
    migrate(database)

    def opened() -> int:
        links = Path("/proc/self/fd").iterdir()
        return sum(str(link.resolve()).startswith(str(tmp_path)) for link in links)

    assert opened()
    process = multiprocessing.get_context("fork").Process(target=_exit_with, args=(opened,))
    process.start()
    process.join(10)
    assert process.exitcode == 0
    database.write(_write)
    database.close()


def _exit_with(count: object) -> None:
    assert callable(count)
    raise SystemExit(count())
