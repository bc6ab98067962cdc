"""The files are what those who read them expect."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.settings import CHECKOUT
from tests.deployment.files import APP, APP_FILE, COMPOSE, COMPOSE_FILE, HEROKU, HEROKU_FILE

HERE = CHECKOUT / "tests" / "deployment"
SCHEMAS = {
    "docker-compose.yml": ["--builtin-schema", "vendor.compose-spec"],
    "heroku.yml": ["--schemafile", str(HERE / "heroku.schema.json")],
    "app.json": ["--schemafile", str(HERE / "app.schema.json")],
}


def check(name: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Hold a file against its schema; nothing is fetched."""
    command = [sys.executable, "-m", "check_jsonschema", "--no-cache", *SCHEMAS[name], str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("path", [COMPOSE_FILE, HEROKU_FILE, APP_FILE], ids=lambda p: p.name)
def test_valid(path: Path) -> None:
    """Compose's own schema, and Heroku's documentation, accept the file."""
    done = check(path.name, path)
    assert done.returncode == 0, done.stdout + done.stderr


def _misspell(compose: dict[str, Any]) -> None:
    compose["services"]["redis"]["helthcheck"] = compose["services"]["redis"].pop("healthcheck")


def _forget(heroku: dict[str, Any]) -> None:
    del heroku["build"]


def _confuse(app: dict[str, Any]) -> None:
    app["env"]["WORKER_PROCESSES"]["value"] = 2


@pytest.mark.parametrize(
    ("name", "content", "slip"),
    [
        ("docker-compose.yml", COMPOSE, _misspell),
        ("heroku.yml", HEROKU, _forget),
        ("app.json", APP, _confuse),
    ],
    ids=SCHEMAS.keys(),
)
def test_schema_refuses_a_slip(
    name: str, content: dict[str, Any], slip: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    """Each schema refuses the file with one slip in it."""
    broken = copy.deepcopy(content)
    slip(broken)
    path = tmp_path / name
    path.write_text(json.dumps(broken))
    assert check(name, path).returncode == 1
