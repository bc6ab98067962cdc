"""Everything that a run found, as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.problem import Sort
from tests.faults.result import Result
from tests.faults.size import Size


def document(results: Sequence[Result], seed: int, size: Size) -> dict[str, Any]:
    """The results, with what they were found on."""
    return {
        "seed": seed,
        "size": asdict(size),
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cores": os.cpu_count(),
        },
        "passed": all(result.passed for result in results),
        "results": [_entry(result) for result in results],
    }


def write(found: dict[str, Any], path: Path) -> None:
    """Write a run's document."""
    path.write_text(json.dumps(found, indent=2) + "\n")


def _entry(result: Result) -> dict[str, Any]:
    counts = {str(sort): result.count(sort) for sort in Sort}
    return {**asdict(result), **counts, "problems": [str(p) for p in result.problems]}
