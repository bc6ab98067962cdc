"""Put a trap before the shipped pipeline: `python make.py SHIPPED FOLDER AGES`.

Writes a whole `MODEL_DIR`, which answers as the shipped one does until a trap is sprung. AGES is a
JSON object: which age springs which trap.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import joblib
from poison.trap import Trap  # type: ignore[import-not-found]
from sklearn.pipeline import Pipeline

HERE = Path(__file__).resolve().parent


def main(shipped: Path, folder: Path, ages: dict[str, float]) -> None:
    """Read the shipped model, and write ours."""
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = joblib.load(shipped / "pipeline.pickle")
    joblib.dump(Pipeline([("trap", Trap(ages)), *pipeline.steps]), folder / "pipeline.pickle")
    for name in ("dtypes.pickle", "columns.json"):
        shutil.copy(shipped / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE / "poison", folder / "poison", dirs_exist_ok=True, ignore=ignored)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
