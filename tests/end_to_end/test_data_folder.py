"""A `DATA_DIR` that cannot be used, and one whose disk is full."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.ports import free_port
from shared.settings import CHECKOUT
from tests.faults.small_disk import SmallDisk, why_not
from tests.system import INHERITED, System, wait_for

PROCESSES = {
    "gateway": ["api"],
    "worker": ["worker"],
    "make run": ["local"],
    "migrate": ["shared.db.migrate"],
}


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A file system of 16 MB."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    disk = SmallDisk(16)
    yield disk
    disk.remove()


def said(folder: Path, redis_url: str) -> dict[str, tuple[int, str]]:
    """How each process ends that has this `DATA_DIR`, and what it says."""

    def run(arguments: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=CHECKOUT, capture_output=True, text=True,
            timeout=60, check=False,
            env={
                **INHERITED, "DATA_DIR": str(folder), "REDIS_URL": redis_url,
                "PORT": str(free_port()), "LOG_LEVEL": "ERROR",
            },
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    with ThreadPoolExecutor(len(PROCESSES)) as pool:
        return dict(zip(PROCESSES, pool.map(run, PROCESSES.values()), strict=True))


@pytest.mark.parametrize("kind", ["a file", "below a file", "of the kernel"])
def test_one_line(kind: str, tmp_path: Path, new_redis_url: Callable[[], str]) -> None:
    """Each process says what is wrong with which folder, and ends."""
    (tmp_path / "file").write_text("")
    folder, reason = {
        "a file": (tmp_path / "file", "it is a file, and must be a folder"),
        "below a file": (tmp_path / "file" / "var", "a folder above it is a file"),
        "of the kernel": (Path("/proc/none"), "No such file or directory"),
    }[kind]
    line = f"queuecast: DATA_DIR is {str(folder)!r}, which cannot be used: {reason}\n"
    for name, (code, text) in said(folder, new_redis_url()).items():
        assert (text, code != 0) == (line, True), name


def test_a_disk_that_cannot_be_written(disk: SmallDisk, new_redis_url: Callable[[], str]) -> None:
    """The folder is there, but no file can be made in it: one line as well."""
    mount = ["mount", "-o", "remount,ro", str(disk.folder)]
    subprocess.run(mount, check=True)
    for name, (code, text) in said(disk.folder, new_redis_url()).items():
        assert code != 0, name
        assert text.startswith("queuecast: "), (name, text)
        assert text.count("\n") == 1, (name, text)
        assert str(disk.folder) in text, (name, text)


def test_a_full_disk_is_not_ready(
    disk: SmallDisk, tmp_path: Path, new_redis_url: Callable[[], str]
) -> None:
    """Before anybody is refused because of it, and until there is room again."""
    system = System(f"sqlite:///{disk.folder}/predictions.db", new_redis_url(), tmp_path)
    try:
        client = system.start().client
        with disk.full():
            answer = wait_for(
                lambda: a if (a := client.get("/readyz")).status == 503 else None, 5, "not ready"
            )
            assert answer.json["database"] == "the database's disk is full"
            assert client.alive()
        wait_for(client.ready, 5, "ready again")
        assert client.predict("after").status == 200
    finally:
        system.stop()
