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
from collections.abc import Iterable
from pathlib import Path

from local.console import say
from local.model_requirements import (
    PINNED,
    REQUIREMENTS,
    constraints,
    pip_arguments,
    worker_requirements,
)
from local.stop_request import StopRequest
from shared.errors import StartError

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
        pins.write_text("\n".join(constraints(PINNED.read_text())) + "\n")
        pip = [str(python), "-m", "pip"]
        _run([*pip, *pip_arguments(asked, pins)], asked, stop_request)
        complete.touch()
    for other in data_dir.glob(f"{_PREFIX}*"):
        if other != environment:
            shutil.rmtree(other, ignore_errors=True)
    return str(python)


def reason(output: Iterable[str]) -> str:
    """What pip says to have gone wrong, in one line."""
    lines = [line.strip() for line in output if line.strip()]
    errors = [re.sub(r"^ERROR:\s*", "", line) for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing"])[0]


def _fingerprint(asked: Path) -> str:
    text = [sys.version, asked.read_text(), PINNED.read_text(), *worker_requirements()]
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
