"""Somebody else writes to SQLite's file, so that nobody of ours can."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from tests.faults.evidence import sqlite_file
from tests.faults.servers import Servers
from tests.system import wait_for

# In seconds, and in pauses of a process in that time: whoever waits for its turn to write looks
# every millisecond, and nothing else that a child does pauses nearly as often.
_LOOK, _OFTEN = 0.1, 40


def new_file(_servers: Servers, folder: Path) -> str:
    """The URL of a file that is not there yet."""
    return f"sqlite:///{folder}/faults.db"


@contextmanager
def file_held(url: str) -> Iterator[None]:
    """Another process has the turn to write in this block."""
    with closing(sqlite3.connect(sqlite_file(url), timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextmanager
def storing_held_on_sqlite(url: str, children: Sequence[psutil.Process]) -> Iterator[None]:
    """The same, and the block begins when all of these are about to store what they scored."""
    with file_held(url):
        wait_for(
            lambda: all(_waits_for_its_turn(child) for child in children),
            10, f"{len(children)} groups wait to be stored",
        )  # fmt: skip
        yield


def _waits_for_its_turn(child: psutil.Process) -> bool:
    before = child.num_ctx_switches().voluntary
    time.sleep(_LOOK)
    return bool(child.num_ctx_switches().voluntary - before >= _OFTEN)
