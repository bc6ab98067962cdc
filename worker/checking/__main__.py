"""`make check`, `python -m worker.checking FOLDER`: will this folder serve?"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.errors import ArtifactError, StartError
from shared.settings import CHECKOUT, Settings
from worker.checking.listing import list_imports
from worker.checking.report import report
from worker.model.artifacts import refuse_missing
from worker.scoring.forked import how_it_ended

SERVES, REFUSED, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it serves, 1 when it would be refused, 2 for a wrong command line."""
    chosen = _parse(arguments)
    try:
        folder = chosen.folder or Settings.from_environment().model_dir
        found = check(Path(folder).resolve(), chosen.seconds, chosen.memory)
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return UNUSABLE
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if chosen.json else report(found))
    return REFUSED if "refused" in found else SERVES


def check(folder: Path, seconds: float, mebibytes: int) -> dict[str, Any]:
    """Everything that can be said of a folder before it is deployed; `refused` is why it would
    not serve. It is unpickled in a new process, within these bounds."""
    found: dict[str, Any] = {"folder": str(folder)}
    try:
        refuse_missing(folder)
    except ArtifactError as error:
        return {**found, "refused": str(error)}
    within = 10 * seconds
    listing = list_imports(folder, within, mebibytes)
    found |= {"imports": listing.names, "imports_cut": listing.cut}
    return found | _examined(folder, seconds, mebibytes, within)


def _examined(folder: Path, seconds: float, mebibytes: int, within: float) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "worker.checking.examination", str(folder), str(seconds),
        str(mebibytes),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, check=False, capture_output=True, text=True, timeout=within
        )
    except subprocess.TimeoutExpired:
        return {"refused": f"it was not loaded and tried within {within:g} s (--seconds)"}
    lines = done.stdout.strip().splitlines()
    if done.returncode == -signal.SIGALRM:
        return {"refused": how_it_ended(done.returncode, seconds, "--seconds")}
    if done.returncode != 0 or not lines:
        said = done.stderr.strip().splitlines()
        last = said[-1] if said else "it said nothing"
        return {"refused": f"its process ended with code {done.returncode}: {last}"}
    examined: dict[str, Any] = json.loads(lines[-1])
    return examined


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m worker.checking", description=__doc__)
    parser.add_argument("folder", nargs="?", help="default: MODEL_DIR")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="that a group may take (default: 30)"
    )
    parser.add_argument(
        "--memory", type=int, default=8192, metavar="MIB", help="that it may take (default: 8192)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
