"""Programs that are run to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from shared.errors import StartError

# In seconds; a build downloads the libraries.
LONGEST = 900


def run_program(command: Sequence[str], name: str, lines: int = 1) -> str:
    """What it prints.

    Raises:
        StartError: it failed; with the last lines of what it said.
    """
    done = subprocess.run(
        list(command), capture_output=True, text=True, check=False, timeout=LONGEST
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines() or ["it said nothing"]
        raise StartError("\n".join([f"{name} failed:", *said[-lines:]]))
    return done.stdout
