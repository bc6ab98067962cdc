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

import psutil

from bench.contender import Contender
from bench.kinds import KindRow
from bench.latencies import TIMEOUT
from bench.load import generator
from bench.open_table import arrival_rows, burst_rows
from bench.run import Run
from bench.table import Row

LIBRARIES = (
    "celery", "flask", "gunicorn", "httptools", "numpy", "pandas", "psycopg2-binary", "redis",
    "scikit-learn", "sqlalchemy", "category_encoders",
)  # fmt: skip


def document(
    rows: Sequence[Row], found: Run, contenders: Sequence[Contender], kinds: Sequence[KindRow]
) -> dict[str, Any]:
    """Everything that a run found, with what it ran on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cores": len(affinity(0)) if affinity else os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 1024**3),
            "load_generator": generator(),
        },
        "versions": {"libraries": _library_versions(), **found.versions},
        "clients": list(found.plan.clients),
        "rounds": found.rounds,
        "seconds": found.plan.seconds,
        "timeout": TIMEOUT,
        "contenders": {
            c.name: {"title": c.title, "about": c.about, "stores": c.stores} for c in contenders
        },
        "table": [asdict(row) for row in rows],
        "bursts": [asdict(row) for row in burst_rows(found.turns, found.plan)],
        "arrivals": [asdict(row) for row in arrival_rows(found.turns, found.plan)],
        "kinds": [asdict(row) for row in kinds],
        "turns": [asdict(turn) for turn in found.turns],
        "set_aside": found.set_aside,
    }


def describe(result: dict[str, Any]) -> str:
    """One line on how the figures of a document came about."""
    machine = result["machine"]
    # Without what a distribution says of its package.
    postgres = result["versions"]["servers"]["postgresql"].split()[0]
    rounds = "1 round" if result["rounds"] == 1 else f"{result['rounds']} rounds"
    return (
        f"Medians of {rounds} of {result['seconds']} s, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, Python {machine['python']}, PostgreSQL "
        f"{postgres} with `fsync`, load by {machine['load_generator']}"
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
