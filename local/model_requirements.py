"""What is installed for a model that names libraries of its own in a `requirements.txt`.

Run as a script, which imports nothing of ours, it installs them into an environment that has a
worker's libraries already: `python local/model_requirements.py FOLDER ENVIRONMENT`, as
Dockerfile.worker does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = "requirements.txt"
# What the model may need in versions of its own. Everything else that a worker is made of comes in
# the versions that Queuecast is tested with.
_OF_THE_MODEL = {
    "category-encoders", "joblib", "narwhals", "numpy", "packaging", "pandas", "patsy",
    "python-dateutil", "pytz", "scikit-learn", "scipy", "six", "statsmodels", "threadpoolctl",
    "typing-extensions", "tzdata",
}  # fmt: skip
_CHECKOUT = Path(__file__).resolve().parent.parent
PINNED = _CHECKOUT / "requirements" / "worker.txt"


def constraints(pinned: str) -> list[str]:
    """The lines of a file of pinned requirements that hold whatever the model needs, without their
    hashes."""
    lines = (line.split(" \\")[0].strip() for line in pinned.splitlines())
    return [
        line
        for line in lines
        if "==" in line and line.split("==")[0].strip().lower() not in _OF_THE_MODEL
    ]


def pip_arguments(asked: Path, pins: Path) -> list[str]:
    """What pip is told to install a worker and what the model asks for."""
    return [
        "install", "--disable-pip-version-check", "--no-input", "--quiet",
        "--progress-bar", "on", "-r", str(asked), "-c", str(pins), *worker_requirements(),
    ]  # fmt: skip


def worker_requirements() -> list[str]:
    """What a worker is made of, in the ranges in which it works."""
    project = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text())
    found: list[str] = project["project"]["optional-dependencies"]["worker"]
    # The shipped model needs it; another one says so.
    return [line for line in found if not line.startswith("category_encoders")]


def main(arguments: Sequence[str]) -> int:
    """Install what the model in a folder asks for into an environment; pip's exit code."""
    folder, environment = arguments
    asked = Path(folder) / REQUIREMENTS
    if not asked.exists():
        return 0
    with tempfile.TemporaryDirectory() as written:
        pins = Path(written) / "constraints.txt"
        pins.write_text("\n".join(constraints(PINNED.read_text())) + "\n")
        pip = [sys.executable, "-m", "pip", "--python", environment, "--no-cache-dir"]
        return subprocess.run([*pip, *pip_arguments(asked, pins)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
