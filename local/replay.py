"""`make replay FOLDER=…`: `worker.replay` with the libraries that the candidate asks for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from local.model_command import run_for_model

USAGE = 2


def main(arguments: Sequence[str]) -> int:
    """Replay with the model of the folder that comes first; the exit code."""
    if not arguments or not arguments[0]:
        sys.stderr.write(
            "queuecast: name the candidate's folder: make replay FOLDER=my_model, and options of "
            'worker.replay as in ARGS="--html replay.html"\n'
        )
        return USAGE
    folder = Path(arguments[0]).absolute()
    return run_for_model("worker.replay", [str(folder), *arguments[1:]], folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
