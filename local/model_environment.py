"""The Python that serves the model: an environment of its own, when the model's folder says what it
needs in a `requirements.txt`.

A pipeline is read safely only by the versions of the libraries that wrote it. What its folder pins
is installed apart from what the gateway runs on, once, and again when the file changes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from local.console import say
from local.stop_request import StopRequest
from shared.errors import StartError
from shared.settings import CHECKOUT

REQUIREMENTS = "requirements.txt"
# What the model may need in versions of its own. Everything else that a worker is made of comes in
# the versions that Queuecast is tested with.
_OF_THE_MODEL = {
    "category-encoders", "joblib", "narwhals", "numpy", "packaging", "pandas", "patsy",
    "python-dateutil", "pytz", "scikit-learn", "scipy", "six", "statsmodels", "threadpoolctl",
    "typing-extensions", "tzdata",
}  # fmt: skip
_PINNED = CHECKOUT / "requirements" / "worker.txt"
_PREFIX = "model-environment-"
LOOK_EVERY = 0.1


def python_for(model_dir: Path, data_dir: Path, stop_request: StopRequest) -> str:
    """The interpreter that serves the model in this folder.

    Raises:
        StartError: its requirements cannot be installed.
        Stopped: a signal asked us to stop meanwhile.
    """
    asked = model_dir / REQUIREMENTS
    if not asked.exists():
        return sys.executable
    environment = data_dir / f"{_PREFIX}{_fingerprint(asked)}"
    python = environment / "bin" / "python"
    # Written last: a folder without it was left by somebody who was interrupted.
    complete = environment / "complete"
    if not complete.exists():
        say(f"installing what the model needs ({asked}) into {environment}, once")
        shutil.rmtree(environment, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(environment)], asked, stop_request)
        pins = environment / "constraints.txt"
        pins.write_text("\n".join(constraints(_PINNED.read_text())) + "\n")
        _run(pip_command(str(python), asked, pins), asked, stop_request)
        complete.touch()
    for other in data_dir.glob(f"{_PREFIX}*"):
        if other != environment:
            shutil.rmtree(other, ignore_errors=True)
    return str(python)


def constraints(pinned: str) -> list[str]:
    """The lines of a file of pinned requirements that hold whatever the model needs, without their
    hashes."""
    lines = (line.split(" \\")[0].strip() for line in pinned.splitlines())
    return [
        line
        for line in lines
        if "==" in line and line.split("==")[0].strip().lower() not in _OF_THE_MODEL
    ]


def pip_command(python: str, asked: Path, pins: Path) -> list[str]:
    """How to install a worker and what the model asks for."""
    return [
        python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet",
        "--progress-bar", "on", "-r", str(asked), "-c", str(pins), *worker_requirements(),
    ]  # fmt: skip


def worker_requirements() -> list[str]:
    """What a worker is made of, in the ranges in which it works."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    found: list[str] = project["project"]["optional-dependencies"]["worker"]
    # The shipped model needs it; another one says so.
    return [line for line in found if not line.startswith("category_encoders")]


def reason(output: Iterable[str]) -> str:
    """What pip says to have gone wrong, in one line."""
    lines = [line.strip() for line in output if line.strip()]
    errors = [re.sub(r"^ERROR:\s*", "", line) for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing"])[0]


def _fingerprint(asked: Path) -> str:
    text = [sys.version, asked.read_text(), _PINNED.read_text(), *worker_requirements()]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:12]


def _run(command: list[str], asked: Path, stop_request: StopRequest) -> None:
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None:
                stop_request.pause(LOOK_EVERY)
        except BaseException:
            process.kill()
            raise
        assert process.stderr is not None
        said = process.stderr.read().splitlines()
    if process.returncode != 0:
        raise StartError(f"{asked} cannot be installed: {reason(said)}")
