"""This machine's settings of pip, for a build that cannot see them: a proxy, an index, a
certificate."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_LINE = re.compile(r"^:?[\w-]+:?\.([\w-]+)='(.*)'$")


def read_settings(listing: str) -> dict[str, str]:
    """The settings that `pip config list` prints. Of two of a name, the environment's counts, as it
    does for pip."""
    found: dict[str, str] = {}
    for line in listing.splitlines():
        match = _LINE.match(line)
        if match and (line.startswith(":env:") or match[1] not in found):
            found[match[1]] = match[2]
    return found


def mounts(folder: Path) -> list[str]:
    """What to mount while building: a pip.conf, written into `folder`, and each file or folder of
    this machine's that it names."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings = read_settings(listing)
    configuration = folder / "pip.conf"
    lines = (f"{name} = {value}" for name, value in settings.items())
    configuration.write_text("\n".join(["[global]", *lines]) + "\n")
    named = {
        # The pages of an index on this machine link to files beside them.
        path.parent if word.startswith("file://") else path
        for value in settings.values()
        for word in value.split()
        if (path := Path(word.removeprefix("file://"))).is_absolute() and path.exists()
    }
    return [f"{configuration}:/etc/pip.conf:ro", *(f"{path}:{path}:ro" for path in sorted(named))]
