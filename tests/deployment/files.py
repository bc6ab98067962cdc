"""The deployment files, read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from shared.settings import CHECKOUT
from tests.deployment.dockerfile import Dockerfile

COMPOSE_FILE = CHECKOUT / "docker-compose.yml"
HEROKU_FILE = CHECKOUT / "heroku.yml"
APP_FILE = CHECKOUT / "app.json"

COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
HEROKU: dict[str, Any] = yaml.safe_load(HEROKU_FILE.read_text())
APP: dict[str, Any] = json.loads(APP_FILE.read_text())
GATEWAY, WORKER = (
    Dockerfile.read(CHECKOUT / name) for name in ("Dockerfile.api", "Dockerfile.worker")
)
DOCKERFILES = {"Dockerfile.api": GATEWAY, "Dockerfile.worker": WORKER}


def service(name: str) -> dict[str, Any]:
    """One service of the compose file."""
    found: dict[str, Any] = COMPOSE["services"][name]
    return found


def interpolations() -> dict[str, str]:
    """The variables that the compose file itself reads, each with its default."""
    return dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE_FILE.read_text()))


def ignored(path: Path) -> bool:
    """Whether the builder does not get this path (relative to the checkout): .dockerignore, where
    the last pattern that fits the path, or a folder that it is in, decides."""
    decided = False
    for line in (CHECKOUT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keeps, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        expression = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(expression, str(p)) for p in (path, *path.parents[:-1])):
            decided = not keeps
    return decided
