"""A process in an image's file system, as process 1 of its own, as the image says it is started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from local.part import Part
from shared.errors import StartError
from tests.deployment.dockerfile import Dockerfile

_PATH = "/usr/local/bin:/usr/bin:/bin"
# What a container has besides its image: devices, and the processes of its own.
_SHELL = """
mount --rbind /dev "$0/dev"
mount -t proc proc "$0/proc"
exec "$@"
"""


class Container:
    """An image's root folder, and what its Dockerfile says of how to run it."""

    def __init__(self, root: Path, dockerfile: Dockerfile) -> None:
        self._root = root
        self._dockerfile = dockerfile

    @property
    def health_check(self) -> list[str]:
        """The command that says by its exit code whether it is well."""
        _, command = self._dockerfile.health_check
        return command

    def start(self, variables: Mapping[str, str], log: IO[bytes]) -> Part:
        """Start what it starts."""
        command = self._inside(self._dockerfile.command, variables)
        return Part(self._dockerfile.command[-1], command, os.environ, log)

    def run(
        self, command: Sequence[str], variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run something in it to its end."""
        return subprocess.run(
            self._inside(command, variables), capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def _group(self, user: str) -> str:
        """The group that the image has for a user, as an engine would take it."""
        for line in (self._root / "etc" / "passwd").read_text().splitlines():
            _, _, number, group, *_ = line.split(":")
            if number == user:
                return group
        raise StartError(f"the image has no user {user}")

    def _inside(self, command: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        (user,) = self._dockerfile.of("USER")
        folder = self._dockerfile.of("WORKDIR")[-1]
        environment = {"PATH": _PATH, **self._dockerfile.environment, **variables}
        environment["PATH"] = environment["PATH"].replace("$PATH", _PATH)
        return [
            "unshare", "--mount", "--pid", "--fork", "--kill-child",
            "sh", "-ec", _SHELL, str(self._root),
            "chroot", f"--userspec={user}:{self._group(user)}", str(self._root),
            "env", "-i", f"--chdir={folder}", *(f"{n}={v}" for n, v in environment.items()),
            *command,
        ]  # fmt: skip


def stop(part: Part, seconds: float) -> int | None:
    """Send SIGTERM to its process 1; its exit code, or None when it does not end in time."""
    for child in psutil.Process(part.process.pid).children():
        child.send_signal(signal.SIGTERM)
    try:
        return part.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
