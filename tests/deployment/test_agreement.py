"""The deployment files agree with each other and with the code."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from shared.settings import CHECKOUT, SETTINGS
from tests.deployment.files import (
    APP,
    COMPOSE,
    DOCKERFILES,
    GATEWAY,
    HEROKU,
    WORKER,
    ignored,
    interpolations,
    service,
)

OURS = {setting.name for setting in SETTINGS}
# The images fix the first four, and nothing in the compose file is on SQLite or speaks TLS.
NOT_IN_COMPOSE = {"HOST", "MODEL_DIR", "DATA_DIR", "REDIS_TLS_VERIFY"}
POSTGRES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "PGPASSWORD"}
# Where compose publishes the gateway.
COMPOSE_ONLY = {"PUBLISH_HOST"}
PYTHON = {"PYTHONUNBUFFERED", "MALLOC_ARENA_MAX", "PATH"}
RELEASE = ["python", "-m", "shared.db.migrate"]


def test_commands() -> None:
    """Compose and Heroku start what the images start by themselves, and migrate alike."""
    assert "command" not in service("api")
    assert "command" not in service("worker")
    assert {k: shlex.split(v) for k, v in HEROKU["run"].items()} == {
        "web": GATEWAY.command,
        "worker": WORKER.command,
    }
    assert service("migrate")["command"] == RELEASE
    # Heroku's database may come a moment late; compose waits for its own by itself.
    waiting = [*RELEASE, "--wait", "60"]
    assert [shlex.split(c) for c in HEROKU["release"]["command"]] == [waiting]
    for module in ("api", "worker"):
        assert (CHECKOUT / module / "__main__.py").is_file()
    assert (CHECKOUT / "shared" / "db" / "migrate.py").is_file()


def test_images() -> None:
    """Compose and Heroku build the same two images, each once, and every process has one."""
    builds = {
        name: s["build"]["dockerfile"] for name, s in COMPOSE["services"].items() if "build" in s
    }
    # Two services that build one tag at once are refused; whatever starts api starts migrate.
    assert builds == {"migrate": "Dockerfile.api", "worker": "Dockerfile.worker"}
    assert service("api")["image"] == service("migrate")["image"] != service("worker")["image"]
    assert service("api")["pull_policy"] == "never"
    assert "migrate" in service("api")["depends_on"]
    assert HEROKU["build"]["docker"] == {"web": "Dockerfile.api", "worker": "Dockerfile.worker"}
    assert set(HEROKU["run"]) == set(APP["formation"]) == set(HEROKU["build"]["docker"])
    assert HEROKU["release"]["image"] in HEROKU["build"]["docker"]
    assert APP["stack"] == "container"


def test_variables_are_known() -> None:
    """Every variable that a file names is a setting, or one of PostgreSQL's or Python's."""
    named = {
        "docker-compose.yml": {
            n for s in COMPOSE["services"].values() for n in s.get("environment", {})
        },
        "app.json": set(APP["env"]),
        "interpolation": set(interpolations()),
        **{name: set(dockerfile.environment) for name, dockerfile in DOCKERFILES.items()},
    }
    known = OURS | POSTGRES | PYTHON | COMPOSE_ONLY
    strangers = {where: names - known for where, names in named.items()}
    assert not any(strangers.values()), strangers


def test_every_setting_passes_through_compose() -> None:
    """What can be set without containers can be set with them."""
    passed = {n for name in ("api", "worker") for n in service(name)["environment"]}
    assert OURS - passed == NOT_IN_COMPOSE
    assert "API_KEY" not in service("worker")["environment"]


def test_values_are_allowed() -> None:
    """Each value that a file gives to a setting is one that the setting takes."""
    read = {setting.name: setting.read for setting in SETTINGS}
    given = [(n, e["value"]) for n, e in APP["env"].items() if "value" in e]
    for name in ("api", "worker", "migrate"):
        environment = service(name)["environment"]
        # What may be another's is among the defaults below.
        fixed = {n: str(v) for n, v in environment.items() if v is not None and "$" not in str(v)}
        given += [(n, v) for n, v in fixed.items() if n in OURS]
    given += [
        item for d in DOCKERFILES.values() for item in d.environment.items() if item[0] in OURS
    ]
    given += [(n, v) for n, v in interpolations().items() if n in OURS]
    assert len(given) > 8
    for name, value in given:
        read[name](value)


def test_locked_and_slim() -> None:
    """Both images are slim, on a Python that the project supports; every library has its hash."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"[\d.]+", project["requires-python"])
    lowest, below = (tuple(map(int, v.split("."))) for v in versions)
    assert GATEWAY.base == WORKER.base
    for name, dockerfile in DOCKERFILES.items():
        assert lowest <= tuple(map(int, dockerfile.python.split("."))) < below
        requirements = name.replace("Dockerfile.", "requirements/") + ".txt"
        words = dockerfile.install.split()
        assert {"--require-hashes", "--no-cache-dir"} < set(words)
        assert words[-2:] == ["-r", requirements]


def test_gateway_has_no_model_and_no_scikit_learn() -> None:
    """Neither the libraries, nor the worker's code, nor the pickles are in the gateway's image."""
    locked = (CHECKOUT / "requirements" / "api.txt").read_text()
    assert re.search(r"^flask==", locked, re.MULTILINE)
    assert not re.search(
        r"^(pandas|scikit-learn|numpy|joblib|category-encoders)==", locked, re.MULTILINE
    )
    assert {s for s, _ in GATEWAY.copies} == {"requirements/api.txt", "shared", "api"}
    assert {s for s, _ in WORKER.copies} == {
        "requirements/worker.txt", "shared", "worker", "artifacts",
        # For the stage that installs.
        "pyproject.toml", "local/model_requirements.py",
    }  # fmt: skip


@pytest.mark.parametrize("name", DOCKERFILES)
def test_layers(name: str) -> None:
    """Libraries are installed before the code is copied, and the process is not root's."""
    dockerfile = DOCKERFILES[name]
    steps = [(i.name, i.arguments) for i in dockerfile.instructions]
    install = steps.index(("RUN", dockerfile.install))
    copies = [at for at, (step, _) in enumerate(steps) if step == "COPY"]
    assert [at < install for at in copies] == [True] + [False] * (len(copies) - 1)
    image = steps.index(("FROM", dockerfile.base))
    first = next(at for at in copies if at > image)
    assert install < image < first
    assert steps[first][1].startswith("--from=build ")
    (user,) = dockerfile.of("USER")
    assert int(user) > 0
    assert steps[-1][0] == "CMD"


def test_builder_gets_only_what_is_copied() -> None:
    """Of the checkout's files, the builder gets none that no image has a use for."""
    for kept in ("shared/settings.py", "artifacts/columns.json", "requirements/api.txt"):
        assert not ignored(Path(kept)), kept
    for left in (
        ".env", ".git/config", ".venv/bin/python", "var/queuecast.sqlite3", "tests/system.py",
        "artifacts/data/titanic_train.csv", "shared/__pycache__/settings.cpython-313.pyc",
    ):  # fmt: skip
        assert ignored(Path(left)), left
