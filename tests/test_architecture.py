"""The folders are the architecture: who may import whom, and where things may stand."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from shared.queue.messages import PIECE_TASK, TASK_OF_KIND, Lane
from shared.settings import CHECKOUT
from tests.imports import files, imported, imports_of_modules, module_of
from tests.rooms import ROOMS, TOPS, room_of

# local starts everything, so it may know everything; nothing may know it.
MAY_IMPORT = {
    "shared": {"shared"},
    "api": {"api", "shared"},
    "worker": {"worker", "shared"},
    "local": {"local", "api", "worker", "shared"},
}
OURS = set(MAY_IMPORT)
LONGEST = 250
WORKER_ONLY = {"pandas", "sklearn", "joblib", "pickle", "numpy", "category_encoders"}


def packages(path: Path) -> set[str]:
    """The packages that a file imports."""
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_arrows(folder: str) -> None:
    """api → shared ← worker."""
    for path in files(folder):
        strangers = (packages(path) & OURS) - MAY_IMPORT[folder]
        assert not strangers, f"{path.relative_to(CHECKOUT)} imports {strangers}"


def test_the_client_is_alone() -> None:
    """Who trains, or asks, has nothing of the server's; and the server nothing of theirs."""
    for path in files("client"):
        assert not packages(path) & OURS, path
    for folder in OURS:
        for path in files(folder):
            assert "queuecast" not in packages(path), path


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_rooms(folder: str) -> None:
    """Between the rooms of a folder there are the arrows of the table and no others."""
    found: set[tuple[str, str]] = set()
    rooms: set[str] = set()
    for module, targets in imports_of_modules([folder]).items():
        room = room_of(module)
        # A folder's own __init__.py is in no room, and empty.
        rooms |= {room} - {*TOPS, folder}
        found |= {(room, room_of(target)) for target in targets if room not in TOPS}
    meant = {(room, lower) for room in ROOMS for lower in ROOMS[room] if room in rooms}
    found = {(room, lower) for room, lower in found if room != lower}
    assert rooms == {room for room in ROOMS if room.split(".")[0] == folder}
    assert found - meant == set(), "arrows that are not in the table"
    assert meant - found == set(), "arrows of the table that nothing needs"


def test_no_arrow_leads_back() -> None:
    """Neither rooms nor files import each other in a circle."""
    TopologicalSorter(ROOMS).prepare()
    TopologicalSorter(imports_of_modules(OURS)).prepare()


def test_only_the_tops_know_celery_and_the_server() -> None:
    """Celery's parts and the HTTP server are wired in, and could be exchanged."""
    for module, targets in imports_of_modules(OURS).items():
        for room in {room_of(t) for t in targets} & {"worker.celery_parts", "api.server"}:
            assert room_of(module) in {*TOPS, room}, f"{module} imports {room}"


def test_files_are_short() -> None:
    """A file is one noun, which can be read at once."""
    long = {
        path.relative_to(CHECKOUT).as_posix()
        for folder in OURS
        for path in files(folder)
        if len(path.read_text().splitlines()) > LONGEST
    }
    assert not long


@pytest.mark.parametrize("folder", ["api", "shared"])
def test_the_gateway_side_cannot_unpickle(folder: str) -> None:
    """Nothing that the gateway loads imports pandas, scikit-learn or a pickle reader."""
    for path in files(folder):
        assert not packages(path) & WORKER_ONLY, path


def test_the_environment_is_read_in_one_place() -> None:
    """Only the settings know os.environ."""
    for folder in OURS:
        for path in files(folder):
            if path.name != "settings.py":
                text = path.read_text()
                assert "os.environ" not in text and "getenv" not in text, path


def test_every_query_is_in_the_query_modules() -> None:
    """SQL is built in shared only."""
    builders = {"select", "insert", "update", "delete"}
    for folder in ("api", "worker"):
        for path in files(folder):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and (node.module or "") == "sqlalchemy":
                    names = {alias.name for alias in node.names}
                    assert not names & builders, f"{path} builds queries"


def test_names_of_tasks_and_queues_stand_once() -> None:
    """A task or queue name is written in shared/queue/messages.py and nowhere else."""
    names = {*TASK_OF_KIND.values(), PIECE_TASK, *Lane}
    for folder in OURS:
        for path in files(folder):
            if path.name != "messages.py":
                found = [name for name in names if f'"{name}"' in path.read_text()]
                assert not found, f"{path} names {found}"


def test_importing_does_nothing() -> None:
    """Every module imports without a server, a file, a thread or a word."""
    names = [
        module_of(path)
        for folder in OURS
        for path in files(folder)
        if path.name not in ("__main__.py", "env.py")
    ]
    code = (
        "import importlib, socket, sqlite3, sys, threading\n"
        "def refuse(*a, **k): raise AssertionError('a connection at import')\n"
        "socket.socket.connect = refuse\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:shared", "-c", code],
        cwd=CHECKOUT, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_drawers() -> None:
    """Files are named after a noun of the field."""
    for folder in (*OURS, "tests"):
        for path in files(folder):
            assert path.stem not in {"utils", "helpers", "common", "misc"}, path
