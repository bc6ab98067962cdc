"""The folders are the architecture: who may import whom, and where things may stand."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.queue.messages import TASK_OF_KIND, Lane
from shared.settings import CHECKOUT

# local starts everything, so it may know everything; nothing may know it.
MAY_IMPORT = {
    "shared": {"shared"},
    "api": {"api", "shared"},
    "worker": {"worker", "shared"},
    "local": {"local", "api", "worker", "shared"},
}
OURS = set(MAY_IMPORT)
WORKER_ONLY = {"pandas", "sklearn", "joblib", "pickle", "numpy", "category_encoders"}


def modules(folder: str) -> list[Path]:
    """Every Python file of a folder."""
    return sorted((CHECKOUT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_arrows(folder: str) -> None:
    """api → shared ← worker."""
    for path in modules(folder):
        strangers = (set(imported(path)) & OURS) - MAY_IMPORT[folder]
        assert not strangers, f"{path.relative_to(CHECKOUT)} imports {strangers}"


@pytest.mark.parametrize("folder", ["api", "shared"])
def test_the_gateway_side_cannot_unpickle(folder: str) -> None:
    """Nothing that the gateway loads imports pandas, scikit-learn or a pickle reader."""
    for path in modules(folder):
        assert not set(imported(path)) & WORKER_ONLY, path


def test_the_environment_is_read_in_one_place() -> None:
    """Only the settings know os.environ."""
    for folder in OURS:
        for path in modules(folder):
            if path.name != "settings.py":
                text = path.read_text()
                assert "os.environ" not in text and "getenv" not in text, path


def test_every_query_is_in_the_query_modules() -> None:
    """SQL is built in shared only."""
    builders = {"select", "insert", "update", "delete"}
    for folder in ("api", "worker"):
        for path in modules(folder):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and (node.module or "") == "sqlalchemy":
                    names = {alias.name for alias in node.names}
                    assert not names & builders, f"{path} builds queries"


def test_names_of_tasks_and_queues_stand_once() -> None:
    """A task or queue name is written in shared/queue/messages.py and nowhere else."""
    names = {*TASK_OF_KIND.values(), *Lane}
    for folder in OURS:
        for path in modules(folder):
            if path.name != "messages.py":
                found = [name for name in names if f'"{name}"' in path.read_text()]
                assert not found, f"{path} names {found}"


def test_importing_does_nothing() -> None:
    """Every module imports without a server, a file, a thread or a word."""
    names = [
        ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
        for folder in OURS
        for path in modules(folder)
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
        for path in modules(folder):
            assert path.stem not in {"utils", "helpers", "common", "misc"}, path
