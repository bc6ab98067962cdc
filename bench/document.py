"""Everything that a run found and what it ran on, as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.load import generator
from bench.run import Run
from bench.table import Row

LIBRARIES = (
    "celery", "flask", "gunicorn", "httptools", "numpy", "pandas", "psycopg2-binary", "redis",
    "scikit-learn", "sqlalchemy", "category_encoders",
)  # fmt: skip


def document(rows: Sequence[Row], found: Run) -> dict[str, Any]:
    """Everything that a run found, with what it ran on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cores": len(affinity(0)) if affinity else os.cpu_count(),
            "load_generator": generator(),
        },
        "versions": {"libraries": _library_versions(), **found.versions},
        "clients": list(found.plan.clients),
        "rounds": found.rounds,
        "seconds": found.plan.seconds,
        "table": [asdict(row) for row in rows],
        "turns": [asdict(turn) for turn in found.turns],
        "set_aside": found.set_aside,
    }


def describe(result: dict[str, Any]) -> str:
    """One line on how the figures of a document came about."""
    machine = result["machine"]
    first = result["table"][0]["contender"] if result["table"] else "none"
    rounds = "1 round" if result["rounds"] == 1 else f"{result['rounds']} rounds"
    return (
        f"medians of {rounds} of {result['seconds']} s, {machine['cores']} "
        f"cores, Python {machine['python']}, load by {machine['load_generator']}; "
        f"ratios are to {first} with as many clients"
    )


def write_json(found: dict[str, Any], path: Path) -> None:
    """Write a run's document."""
    path.write_text(json.dumps(found, indent=2) + "\n")


def _library_versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
